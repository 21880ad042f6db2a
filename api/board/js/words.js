// Every word of the board, in Indonesian and English.

import { EN } from "./words-en.js";
import { ID } from "./words-id.js";

export const WORDS = { id: ID, en: EN };

let language = "id";

export function setLanguage(chosen) {
  language = chosen in WORDS ? chosen : "id";
  document.documentElement.lang = language;
}

export function getLanguage() {
  return language;
}

/** The word for `key`, with `{name}` filled in from `values`; a key without a word is shown as it is. */
export function w(key, values = {}) {
  const text = WORDS[language][key] ?? String(key);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
