// What a person writes: a dialog with its fields, sent to the server, with the server's answer where it was asked.

import { send } from "./api.js";
import { byId, h, morph } from "./dom.js";
import { remember, remembered } from "./remember.js";
import { state } from "./state.js";
import { w } from "./words.js";

let submitting = () => {};

export const dialogActions = {
  closeDialog: () => byId("dialog").close(),
  submit: () => submitting(),
};

/** Who does it, where the token does not say. */
export function whoField() {
  return state.session?.who ? [] : [{ name: "who", label: w("whoLabel"), required: true, most: 100, value: remembered("who"), complete: "name" }];
}

/**
 * `fields`: [{name, label, required, most, value, type, options: [[value, text]]}]. `path`: where it is sent;
 * `done`: called when the server has taken it. An empty field is left out.
 */
export function openForm({ title, what, note = null, fields, submit, path, method = "POST", done }) {
  const dialog = byId("dialog");
  morph(dialog, h("div", { "data-key": `form:${path}:${Date.now()}` },
    h("h2", { id: "dialog-title" }, title),
    what ? h("p", { class: "soft" }, what) : null,
    note ? h("p", {}, note) : null,
    fields.map((f) => h("label", {}, h("span", {}, f.label), field(f))),
    h("p", { class: "error", id: "dialog-error", role: "alert" }),
    h("p", { class: "buttons" },
      h("button", { type: "button", "data-do": "closeDialog" }, w("cancel")),
      h("button", { type: "button", class: "strong", id: "dialog-submit", "data-do": "submit" }, submit))));
  submitting = () => send_({ fields, path, method, done });
  dialog.onkeydown = (event) => {
    if (event.key === "Enter" && event.target.tagName === "INPUT") submitting();
  };
  dialog.showModal();
  byId(fields.length ? `field-${fields[0].name}` : "dialog-submit").focus();
}

/** One field of a form: `field-NAME`. */
export function field({ name, type = "text", options = null, required = false, most = 2000, value = null, complete = "off", describedBy = "dialog-error" }) {
  const common = { id: `field-${name}`, name, required, "aria-describedby": describedBy };
  if (options) return h("select", common, options.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));
  return h("input", { ...common, type, maxlength: type === "text" ? most : null, autocomplete: complete, value });
}

/** What was filled in, `null` (and the fault shown) where something that must be is not. */
export function filled(fields, errorId) {
  const body = {};
  for (const { name, required } of fields) {
    const input = byId(`field-${name}`);
    const value = input.value.trim();
    input.setAttribute("aria-invalid", String(Boolean(required && !value)));
    if (required && !value) {
      byId(errorId).textContent = w("needed");
      input.focus();
      return null;
    }
    if (value) body[name] = value;
  }
  if (body.who) remember("who", body.who);
  return body;
}

async function send_({ fields, path, method, done }) {
  const body = filled(fields, "dialog-error");
  if (!body) return;
  const button = byId("dialog-submit");
  if (button.disabled) return; // a second tap is not a second entry
  button.disabled = true;
  try {
    await send(path, method === "DELETE" ? undefined : body, method);
    byId("dialog").close();
    done();
  } catch (error) {
    if (error.status === 401) {
      byId("dialog").close();
      done(); // reads anew, and so asks for the login
    } else byId("dialog-error").textContent = error.message;
  }
  button.disabled = false;
}
