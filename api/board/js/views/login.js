// Where the server wants to know who is looking.

import { byId, h } from "../dom.js";
import { duration } from "../format.js";
import { login as enter } from "../session.js";
import { w } from "../words.js";

const kept = { error: "", busy: false, shown: false };

/** Only a path of this board: never another site. */
function next() {
  const path = new URLSearchParams(location.search).get("next") ?? "/";
  return /^\/(?![/\\])/.test(path) && !path.startsWith("/login") ? path : "/";
}

async function submit({ draw, goTo }) {
  const token = byId("token").value.trim();
  if (!token || kept.busy) {
    byId("token").focus();
    return;
  }
  [kept.busy, kept.error] = [true, ""];
  draw();
  try {
    await enter(token);
    byId("token").value = "";
    goTo(next(), { replace: true });
  } catch (error) {
    if (error.status === 401) kept.error = w("wrongToken");
    else if (error.status === 429) kept.error = w("loginWait", { t: duration(error.retryS ?? 60) });
    else if (error.status === 403) kept.error = w("crossSite");
    else kept.error = error.status === 0 ? w("e0") : error.message;
  }
  kept.busy = false;
  draw();
  byId("token")?.focus();
}

export const login = {
  title: () => w("login"),
  read: async () => ({}),

  draw() {
    return [h("section", { class: "panel login", "data-key": "login", "aria-labelledby": "login-title" },
      h("h1", { id: "login-title" }, w("loginTitle")),
      h("p", { class: "soft" }, w("loginHint")),
      h("label", {}, h("span", {}, w("token")),
        h("input", { id: "token", type: kept.shown ? "text" : "password", autocomplete: "current-password", maxlength: 400, spellcheck: "false", autocapitalize: "off", "aria-describedby": "login-error", "aria-invalid": String(Boolean(kept.error)) })),
      h("p", { class: "error", id: "login-error", role: "alert" }, kept.error),
      h("p", { class: "buttons" },
        h("button", { type: "button", "data-do": "reveal", "aria-pressed": String(kept.shown) }, w("show")),
        h("button", { type: "button", class: "strong", "data-do": "enter", id: "enter", disabled: kept.busy }, w("loginSend"))))];
  },

  after() {
    byId("token").onkeydown = (event) => {
      if (event.key === "Enter") byId("enter").click();
    };
  },

  leave() {
    Object.assign(kept, { error: "", busy: false, shown: false });
  },

  actions: {
    enter: (_, board) => { submit(board); },
    reveal: () => { kept.shown = !kept.shown; },
  },
};
