// What a person adds to an incident or an office: that he is on it, a note, the provider's ticket, progress.

import { id as quoted } from "./api.js";
import { openForm, whoField } from "./dialogs.js";
import { state } from "./state.js";
import { w } from "./words.js";

const STAGES = ["planned", "surveyed", "ordered", "installing", "active"];

const INCIDENT = {
  take: { submit: "sendTake", path: "acknowledge", field: ["note", "noteLabel", false, 2000] },
  giveBack: { submit: "sendGiveBack", path: "unacknowledge", field: ["note", "noteLabel", false, 2000] },
  comment: { submit: "sendComment", path: "comment", field: ["text", "comment", true, 2000] },
  assign: { submit: "sendAssign", path: "assign", field: ["to", "assignee", true, 100] },
  ticket: { submit: "sendTicket", path: "ticket", field: ["ticket", "ticketNumber", true, 100] },
};

function onIncident(kind, id, done) {
  const { submit, path, field: [name, label, required, most] } = INCIDENT[kind];
  const found = state.incidents.find((i) => i.id === id);
  openForm({
    title: w(kind), what: found?.components.map((c) => c.name).join(", ") || id, submit: w(submit),
    fields: [...whoField(), { name, label: w(label), required, most }],
    path: `/incidents/${quoted(id)}/${path}`, done,
  });
}

function onOffice({ id, name, stage }, done) {
  openForm({
    title: w("addProgress"), what: name, note: w("progressHint"), submit: w("sendProgress"),
    fields: [
      ...whoField(),
      { name: "stage", label: w("stage"), options: [["", w("stageAsIs", { stage: w(stage) })], ...STAGES.filter((s) => s !== stage).map((s) => [s, w(s)])] },
      { name: "note", label: w("comment"), most: 2000 },
      { name: "promised_date", label: w("promisedDate"), type: "date" },
      { name: "link", label: w("attachment"), type: "url" },
    ],
    path: `/rollout/${quoted(id)}/progress`, done,
  });
}

/** Actions for buttons with `data-id`. */
export const workActions = (done) => ({
  ...Object.fromEntries(Object.keys(INCIDENT).map((kind) => [kind, (element) => onIncident(kind, element.dataset.id, done)])),
  progress: (element) => onOffice(element.dataset, done),
});
