// What a person adds to an incident: that he is on it, a note, who should go, the provider's ticket.

import { id as quoted, send } from "./api.js";
import { byId, h, morph } from "./dom.js";
import { remember, remembered } from "./remember.js";
import { state } from "./state.js";
import { w } from "./words.js";

// Each field: its name in the API, its label, whether it must be filled in, how long it may be.
const FORMS = {
  take: { title: "take", submit: "sendTake", path: "acknowledge", fields: [["note", "noteLabel", false, 2000]] },
  comment: { title: "comment", submit: "sendComment", path: "comment", fields: [["text", "comment", true, 2000]] },
  assign: { title: "assign", submit: "sendAssign", path: "assign", fields: [["to", "assignee", true, 100]] },
  ticket: { title: "ticket", submit: "sendTicket", path: "ticket", fields: [["ticket", "ticketNumber", true, 100]] },
};

/** `incident`: {id, what}. `done`: called when the server has taken it. */
export function openForm(kind, incident, done) {
  const form = FORMS[kind];
  const asksWho = !state.session?.who;
  const fields = [...(asksWho ? [["who", "whoLabel", true, 100]] : []), ...form.fields];
  const dialog = byId("dialog");
  morph(dialog, h("div", { "data-key": `${kind}:${incident.id}:${Date.now()}` },
    h("h2", { id: "dialog-title" }, w(form.title)),
    h("p", { class: "soft" }, incident.what),
    fields.map(([name, label, required, most]) => h("label", {}, h("span", {}, w(label)),
      h("input", { id: `field-${name}`, name, maxlength: most, required, autocomplete: name === "who" ? "name" : "off",
        value: name === "who" ? remembered("who") : null, "aria-describedby": "dialog-error" }))),
    h("p", { class: "error", id: "dialog-error", role: "alert" }),
    h("p", { class: "buttons" },
      h("button", { type: "button", "data-do": "closeDialog" }, w("cancel")),
      h("button", { type: "button", class: "strong", "data-do": "submit" }, w(form.submit)))));
  const submit = () => submitForm(form, fields, incident, done);
  dialog.onkeydown = (event) => {
    if (event.key === "Enter" && event.target.tagName === "INPUT") submit();
  };
  submitting = submit;
  dialog.showModal();
  byId(`field-${fields[0][0]}`).focus();
}

let submitting = () => {};

export const dialogActions = {
  closeDialog: () => byId("dialog").close(),
  submit: () => submitting(),
};

async function submitForm(form, fields, incident, done) {
  const body = {};
  for (const [name, , required] of fields) {
    const input = byId(`field-${name}`);
    const value = input.value.trim();
    input.setAttribute("aria-invalid", String(required && !value));
    if (required && !value) {
      byId("dialog-error").textContent = w("needed");
      input.focus();
      return;
    }
    if (value) body[name] = value;
  }
  if (body.who) remember("who", body.who);
  try {
    await send(`/incidents/${quoted(incident.id)}/${form.path}`, body);
    byId("dialog").close();
    done();
  } catch (error) {
    byId("dialog-error").textContent = error.message;
  }
}
