// Speech as a query: listening can be seen, the words come into the box, and count only when the shopper sends them.

import { transcribe } from "./api.js";
import { announce, button, byId, h, icon } from "./dom.js";
import { t } from "./texts.js";

const MAX_S = 30;
const SILENCE_S = 1.6;
const SPEECH_LEVEL = 0.02; // of full scale, above the noise of a room

/** Whether this browser can record; without https, browsers give no microphone. */
export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder);

/** Lets the microphone's button listen. `heard` gets the words; `sound`, if not null, gets a recording without words. */
export function setup({ language, heard, sound }) {
  const speak = byId("speak");
  speak.hidden = false;
  speak.setAttribute("aria-expanded", "false");
  speak.setAttribute("aria-controls", "voice");
  let listening = null;
  speak.addEventListener("click", () => {
    if (listening) listening.cancel();
    else listening = listen({ language, heard, sound, ended: () => (listening = null) });
  });
}

function listen({ language, heard, sound, ended }) {
  const panel = byId("voice");
  const speak = byId("speak");
  const controller = new AbortController();
  let recording = null;
  const show = (...children) => {
    panel.replaceChildren(...children);
    panel.hidden = false;
  };
  const onKey = (event) => event.key === "Escape" && cancel();
  const close = () => {
    recording?.release();
    panel.hidden = true;
    speak.setAttribute("aria-expanded", "false");
    speak.classList.remove("on");
    removeEventListener("keydown", onKey);
    ended();
  };
  const cancel = () => {
    controller.abort();
    recording?.drop();
    close();
    speak.focus();
  };
  const fail = (key) => {
    recording?.release();
    show(
      h("p", { class: "said", role: "alert" }, t(key)),
      actions(button({ text: t("close"), kind: "quiet", on: cancel })),
    );
    panel.querySelector("button").focus();
  };
  const finish = async (blob) => {
    recording.release();
    show(
      h("div", { class: "pulse busy", "aria-hidden": "true" }, icon("microphone")),
      h("p", { class: "said" }, t("voice.reading")),
      actions(button({ text: t("cancel"), kind: "quiet", on: cancel })),
    );
    announce(t("voice.reading"));
    try {
      const { text, degraded } = await transcribe(blob, language, controller.signal);
      if (degraded?.length) fail("voice.away");
      else if (text.trim()) {
        close();
        heard(text.trim());
        hint(panel);
      } else nothingHeard(blob);
    } catch (error) {
      if (error.name !== "AbortError") fail(error.status === 422 ? "voice.unreadable" : "voice.away");
    }
  };
  const nothingHeard = (blob) => {
    const search =
      sound && button({ icon: "sound", text: t("voice.as_sound"), kind: "quiet", on: () => (close(), sound(blob)) });
    const again = button({
      icon: "microphone",
      text: t("voice.again"),
      kind: "primary",
      on: () => (close(), speak.click()),
    });
    show(
      h("p", { class: "said", role: "alert" }, t("voice.no_words")),
      actions(again, search, button({ text: t("cancel"), kind: "quiet", on: cancel })),
    );
    again.focus();
  };
  addEventListener("keydown", onKey);
  speak.setAttribute("aria-expanded", "true");
  speak.classList.add("on");
  show(h("p", { class: "said" }, t("voice.allow")));
  record()
    .then((started) => {
      recording = started;
      if (controller.signal.aborted) return recording.drop();
      const pulse = h("div", { class: "pulse", "aria-hidden": "true" }, icon("microphone"));
      const done = button({ text: t("voice.done"), kind: "primary", on: () => recording.stop(), id: "voice-done" });
      show(
        pulse,
        h("p", { class: "said" }, t("voice.listening")),
        h("p", { class: "small" }, t("voice.privacy")),
        actions(done, button({ text: t("cancel"), kind: "quiet", on: cancel })),
      );
      done.focus();
      announce(t("voice.listening"));
      recording.onlevel = (level) => pulse.style.setProperty("--level", Math.min(1, level * 8).toFixed(2));
      recording.onend = finish;
    })
    .catch((error) => fail(error.name === "NotAllowedError" ? "voice.blocked" : "voice.no_microphone"));
  return { cancel };
}

/** Says that the words wait to be sent, until they are. */
function hint(panel) {
  const form = byId("search");
  const box = byId("text");
  const close = () => {
    panel.hidden = true;
    form.removeEventListener("submit", close);
    box.removeEventListener("keydown", onKey);
  };
  const onKey = (event) => event.key === "Escape" && close();
  form.addEventListener("submit", close);
  box.addEventListener("keydown", onKey);
  panel.replaceChildren(
    h("p", { class: "said" }, t("voice.check")),
    actions(button({ text: t("search.submit"), kind: "primary", on: () => form.requestSubmit(), id: "send-words" })),
  );
  panel.hidden = false;
  announce(`${t("voice.check")} ${box.value}`);
}

const actions = (...children) => h("div", { class: "actions" }, ...children);

/** Records until `stop`, until silence follows speech, or for MAX_S. */
async function record() {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true },
  });
  const recorder = new MediaRecorder(stream);
  const parts = [];
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const begun = performance.now();
  let spokeAt = null;
  let released = false;
  const handle = {
    onlevel: () => {},
    onend: () => {},
    stop: () => recorder.state === "recording" && recorder.stop(),
    drop: () => {
      handle.onend = () => {};
      handle.stop();
      handle.release();
    },
    release: () => {
      if (released) return;
      released = true;
      clearInterval(timer);
      stream.getTracks().forEach((track) => track.stop());
      context.close();
    },
  };
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const level = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
    handle.onlevel(level);
    const now = performance.now();
    if (level > SPEECH_LEVEL) spokeAt = now;
    const silent = spokeAt && now - spokeAt > SILENCE_S * 1000;
    if (silent || now - begun > MAX_S * 1000) handle.stop();
  }, 60);
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", () => handle.onend(new Blob(parts, { type: recorder.mimeType })));
  recorder.start();
  return handle;
}
