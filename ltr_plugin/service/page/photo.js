// A photo as a query: taken, chosen, pasted or dropped; shown as a chip that can be cropped and removed.

import { button, byId, h, icon, openDialog } from "./dom.js";
import { crop } from "./crop.js";
import { t } from "./texts.js";

const MAX_SIDE = 1024;

/** A photo that a browser cannot read. */
class NoPhoto extends Error {}

/** The photo as JPEG with at most 1,024 pixels a side: enough for any encoder, and quick to send by phone. */
export async function shrink(source, region = null) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(source, { imageOrientation: "from-image" });
  } catch {
    throw new NoPhoto();
  }
  const { x, y, width, height } = region ?? { x: 0, y: 0, width: 1, height: 1 };
  const [w, hh] = [Math.max(1, bitmap.width * width), Math.max(1, bitmap.height * height)];
  const scale = Math.min(1, MAX_SIDE / Math.max(w, hh));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, Math.round(w * scale)), Math.max(1, Math.round(hh * scale))];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // behind what is transparent
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(bitmap, bitmap.width * x, bitmap.height * y, w, hh, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9));
}

/** Lets photos in by the camera button, by paste and by drop; `take` is called with each, `refuse` with a sentence. */
export function setup({ take, refuse }) {
  const receive = async (file) => {
    try {
      take(await shrink(file));
    } catch (error) {
      if (!(error instanceof NoPhoto)) throw error;
      refuse(t("photo.unreadable"));
    }
  };
  const add = byId("add-photo");
  add.hidden = false;
  add.addEventListener("click", () => openPhotoDialog(receive));
  addEventListener("paste", (event) => {
    const file = photoOf(event.clipboardData);
    if (!file) return;
    event.preventDefault();
    document.querySelector("dialog.photos")?.close();
    receive(file);
  });
  setupDrop(receive, refuse);
}

const photoOf = (data) => [...(data?.files ?? [])].find((file) => file.type.startsWith("image/"));

function setupDrop(receive, refuse) {
  const veil = byId("drop");
  let depth = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    veil.hidden = false;
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (!depth) veil.hidden = true;
  });
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    depth = 0;
    veil.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.querySelector("dialog.photos")?.close();
    const file = photoOf(event.dataTransfer);
    if (file) receive(file);
    else refuse(t("photo.unreadable"));
  });
}

function openPhotoDialog(receive) {
  const chosen = (event) => {
    const [file] = event.target.files;
    dialog.close();
    if (file) receive(file);
  };
  const file = h("input", { type: "file", accept: "image/*", id: "photo-file", hidden: true, on: { change: chosen } });
  const camera = h("input", {
    type: "file",
    accept: "image/*",
    capture: "environment",
    hidden: true,
    on: { change: chosen },
  });
  const byPhone = matchMedia("(pointer: coarse)").matches || !navigator.mediaDevices;
  const stage = h("div", { class: "stage" }, icon("photo"), h("p", {}, t("photo.ways")));
  const actions = h(
    "div",
    { class: "actions" },
    button({ icon: "photo", text: t("photo.choose"), kind: "primary", on: () => file.click() }),
    button({
      icon: "camera",
      text: t("photo.take"),
      kind: "quiet",
      on: () => (byPhone ? camera.click() : film(dialog, stage, actions, receive)),
    }),
  );
  const dialog = h(
    "dialog",
    { class: "photos", "aria-labelledby": "photos-title" },
    h(
      "div",
      { class: "head" },
      h("h2", { id: "photos-title" }, t("photo.title")),
      button({ icon: "close", label: t("close"), on: () => dialog.close() }),
    ),
    stage,
    actions,
    h("p", { class: "small" }, t("photo.privacy")),
    file,
    camera,
  );
  openDialog(dialog);
}

/** Shows the camera in the dialog, with a button that takes the picture. */
async function film(dialog, stage, actions, receive) {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    stage.replaceChildren(icon("away"), h("p", { role: "alert" }, t("photo.no_camera")));
    return;
  }
  const stop = () => stream.getTracks().forEach((track) => track.stop());
  if (!dialog.isConnected) {
    stop();
    return;
  }
  dialog.addEventListener("close", stop);
  const video = h("video", { autoplay: true, playsinline: true, "aria-label": t("photo.view") });
  video.muted = true;
  video.srcObject = stream;
  stage.replaceChildren(video);
  const shoot = button({
    icon: "camera",
    text: t("photo.shoot"),
    kind: "primary",
    on: async () => {
      if (!video.videoWidth) return;
      const frame = await createImageBitmap(video);
      dialog.close();
      receive(frame);
    },
  });
  actions.replaceChildren(shoot);
  shoot.focus();
}

/** The chip of a query's photo. */
export function photoChip(blob, { replace, remove }) {
  const image = h("img", {
    alt: t("photo.yours"),
    src: URL.createObjectURL(blob),
    width: "40",
    height: "40",
    on: { load: () => URL.revokeObjectURL(image.src) },
  });
  const cut = async () => {
    const region = await crop(blob);
    if (region) replace(await shrink(blob, region));
  };
  return h(
    "div",
    { class: "medium", id: "photo-chip" },
    image,
    h("span", { class: "what" }, t("photo.searched")),
    button({ icon: "crop", text: t("photo.crop"), kind: "plain", on: cut, id: "crop" }),
    button({ icon: "close", label: t("photo.remove"), on: remove, id: "remove-photo" }),
  );
}
