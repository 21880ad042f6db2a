// What a viewer chose. Where storage is switched off, a choice lasts as long as the page.

const here = new Map();

export function remembered(name) {
  try {
    return localStorage.getItem(`ronda.${name}`) ?? here.get(name) ?? null;
  } catch {
    return here.get(name) ?? null;
  }
}

export function remember(name, value) {
  here.set(name, value);
  try {
    localStorage.setItem(`ronda.${name}`, value);
  } catch {
    // As above.
  }
}
