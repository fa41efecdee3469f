// The photo or sound of a query. It stays in this tab: the address has only its number, and the service keeps nothing.

const PREFIX = "ltr.media.";
const MAX_KEPT = 4;

const kept = new Map();

/** Keeps a photo or a sound for this visit; its number. */
export async function keep(blob) {
  const id = Math.random().toString(36).slice(2, 10);
  kept.set(id, blob);
  try {
    const numbers = Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX));
    for (const name of numbers.slice(0, Math.max(0, numbers.length - MAX_KEPT + 1))) sessionStorage.removeItem(name);
    sessionStorage.setItem(PREFIX + id, await asText(blob));
  } catch {
    // no room in the storage: then it is gone after a reload, and the page says so
  }
  return id;
}

/** The photo or sound of a number; null where this tab has none. */
export function find(id) {
  if (!kept.has(id)) {
    const text = sessionStorage.getItem(PREFIX + id);
    if (!text) return null;
    kept.set(id, asBlob(text));
  }
  return kept.get(id);
}

function asText(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}

function asBlob(text) {
  const [, type, content] = /^data:([^,]*);base64,(.*)$/s.exec(text);
  return new Blob([Uint8Array.from(atob(content), (one) => one.charCodeAt(0))], { type });
}
