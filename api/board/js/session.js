// Who is looking: a token becomes a session (a cookie that scripts can't read).

import { send } from "./api.js";
import { state } from "./state.js";

/** Raises ApiError: 401 for a token that is not valid, 429 with `retryS` for too many attempts. */
export async function login(token) {
  state.session = await send("/session", { token });
}

export async function logout() {
  try {
    await send("/session", undefined, "DELETE");
  } catch {
    // It ends by itself, too; the login page is shown in any case.
  }
  state.session = null;
}
