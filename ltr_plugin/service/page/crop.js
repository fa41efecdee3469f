// A part of a photo: a frame with four corners, moved by pointer or by arrow keys.

import { button, h, openDialog } from "./dom.js";
import { t } from "./texts.js";

const MIN = 0.08;
const STEP = 0.02;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value, low, high) => Math.min(high, Math.max(low, value));

/** The part of a photo that a shopper chooses, in shares of its sides; null when the dialog is closed without. */
export function crop(blob) {
  return new Promise((done) => {
    let result = null;
    const box = { x: 0.1, y: 0.1, width: 0.8, height: 0.8 };
    const url = URL.createObjectURL(blob);
    const image = h("img", { src: url, alt: t("crop.photo"), draggable: "false" });
    const frame = h("div", { class: "frame" });
    const area = h("div", { class: "area" }, image, frame);
    const draw = () => {
      for (const [side, value] of Object.entries({ left: box.x, top: box.y, width: box.width, height: box.height })) {
        frame.style[side] = `${value * 100}%`;
      }
    };
    const move = (dx, dy) => {
      box.x = within(box.x + dx, 0, 1 - box.width);
      box.y = within(box.y + dy, 0, 1 - box.height);
      draw();
    };
    const stretch = (right, bottom) => (dx, dy) => {
      if (right) box.width = within(box.width + dx, MIN, 1 - box.x);
      else {
        const x = within(box.x + dx, 0, box.x + box.width - MIN);
        [box.width, box.x] = [box.width + box.x - x, x];
      }
      if (bottom) box.height = within(box.height + dy, MIN, 1 - box.y);
      else {
        const y = within(box.y + dy, 0, box.y + box.height - MIN);
        [box.height, box.y] = [box.height + box.y - y, y];
      }
      draw();
    };
    frame.append(
      grip("move", t("crop.move"), area, move),
      grip("corner nw", t("crop.nw"), area, stretch(false, false)),
      grip("corner ne", t("crop.ne"), area, stretch(true, false)),
      grip("corner sw", t("crop.sw"), area, stretch(false, true)),
      grip("corner se", t("crop.se"), area, stretch(true, true)),
    );
    draw();
    const apply = () => {
      result = box;
      dialog.close();
    };
    const dialog = h(
      "dialog",
      { class: "cropping", "aria-labelledby": "crop-title" },
      h(
        "div",
        { class: "head" },
        h("h2", { id: "crop-title" }, t("crop.title")),
        button({ icon: "close", label: t("close"), on: () => dialog.close() }),
      ),
      h("div", { class: "stage" }, area),
      h("p", { class: "small" }, t("crop.hint")),
      h(
        "div",
        { class: "actions" },
        button({ text: t("crop.apply"), kind: "primary", on: apply, id: "apply-crop" }),
        button({ text: t("cancel"), kind: "quiet", on: () => dialog.close() }),
      ),
    );
    dialog.addEventListener("close", () => {
      URL.revokeObjectURL(url);
      done(result);
    });
    openDialog(dialog);
  });
}

/** A part of the frame that can be held; `change` gets shares of the photo's sides. */
function grip(classes, label, area, change) {
  let at = null;
  const shares = (event) => {
    const { width, height } = area.getBoundingClientRect();
    const [dx, dy] = [(event.clientX - at.x) / width, (event.clientY - at.y) / height];
    at = { x: event.clientX, y: event.clientY };
    return [dx, dy];
  };
  return h("button", {
    type: "button",
    class: classes,
    "aria-label": label,
    on: {
      pointerdown: (event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        at = { x: event.clientX, y: event.clientY };
      },
      pointermove: (event) => at && change(...shares(event)),
      pointerup: () => (at = null),
      pointercancel: () => (at = null),
      keydown: (event) => {
        if (!(event.key in KEYS)) return;
        event.preventDefault();
        const [dx, dy] = KEYS[event.key];
        change(dx * STEP, dy * STEP);
      },
    },
  });
}
