// What every view needs to know of the whole: which moment is shown, who is looking, how the line is.

export const state = {
  at: null, // milliseconds: a moment of the past; null: now
  session: null, // {role, who, ...}; null where the server knows no logins
  summary: null,
  incidents: [],
  live: null,
};

/** The moment that is shown, in the server's time. */
export function nowMs() {
  return state.at ?? state.live.now();
}

/** Adds the moment to what is asked of the server. */
export function moment(parameters = {}) {
  return state.at === null ? parameters : { ...parameters, at: new Date(state.at).toISOString() };
}

/** `what`: acknowledge, comment, link_ticket, ... as the session names it. */
export function may(what) {
  if (state.at !== null) return false; // the past can't be changed
  return state.session?.may?.includes(what) ?? true; // the server has the last word anyway
}

export function sees(what) {
  return state.session?.sees?.includes(what) ?? true;
}
