/**
 * A widget that searches by photo: a button to take or choose one, and a chip with the photo and a button to remove it.
 *
 * `searchClient` is the one of `searchClient(...)`. `texts` replaces the words: `choose`, `remove` and `chosen`.
 */
export function imageSearch({ container, searchClient, texts = {} }) {
  const words = { choose: "Search by photo", remove: "Remove photo", chosen: "Searching by this photo", ...texts };
  const root = typeof container === "string" ? document.querySelector(container) : container;
  if (!root) {
    throw new Error(`imageSearch: there is no element ${container}`);
  }
  let preview = null;

  function use(helper, photo) {
    if (preview) {
      URL.revokeObjectURL(preview);
    }
    searchClient.photo = photo;
    preview = photo && URL.createObjectURL(photo);
    draw(helper);
    helper.setPage(0).search();
  }

  function draw(helper) {
    const label = element("label", { className: "ltr-ImageSearch-button" }, words.choose);
    const input = element("input", { type: "file", accept: "image/*", className: "ltr-ImageSearch-input" });
    input.setAttribute("aria-label", words.choose);
    input.addEventListener("change", () => input.files[0] && use(helper, input.files[0]));
    label.append(input);
    root.replaceChildren(label);
    if (preview) {
      const chip = element("span", { className: "ltr-ImageSearch-chip" });
      const remove = element("button", { type: "button", className: "ltr-ImageSearch-remove" }, "×");
      remove.setAttribute("aria-label", words.remove);
      remove.addEventListener("click", () => use(helper, null));
      chip.append(element("img", { src: preview, alt: words.chosen, className: "ltr-ImageSearch-photo" }), remove);
      root.append(chip);
    }
  }

  return {
    $$type: "ltr.imageSearch",
    init({ helper }) {
      root.classList.add("ltr-ImageSearch");
      root.addEventListener("dragover", (event) => event.preventDefault());
      root.addEventListener("drop", (event) => {
        event.preventDefault();
        const photo = [...event.dataTransfer.files].find(({ type }) => type.startsWith("image/"));
        if (photo) {
          use(helper, photo);
        }
      });
      draw(helper);
    },
    render() {},
    dispose() {
      searchClient.photo = null;
      root.replaceChildren();
    },
  };
}

function element(name, properties, text = "") {
  const made = Object.assign(document.createElement(name), properties);
  made.append(text);
  return made;
}
