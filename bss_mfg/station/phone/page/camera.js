// The camera's live picture and photos, read by the worker, and the marks over them.

const COLOURS = { good: "#18b45b", note: "#ffab2e", bad: "#ff3b45", none: "#b9c3cf" };
const SIGNS = { good: "✓", note: "!", bad: "✕", none: "…" };
const [LARGE, SMALL] = [13, 9]; // CSS pixels of the words in the picture
const LARGEST_PHOTO = 4096; // pixels: phones refuse larger canvases

export class Reader {
  constructor() {
    this.worker = new Worker("/worker.js");
    this.waiting = new Map();
    this.number = 0;
    this.worker.onmessage = ({ data }) => {
      this.waiting.get(data.number)?.(data);
      this.waiting.delete(data.number);
    };
  }

  // The symbols of a picture, whose pixels are handed over.
  read(picture) {
    const number = ++this.number;
    return new Promise((resolve) => {
      this.waiting.set(number, resolve);
      this.worker.postMessage({ number, picture }, [picture.data.buffer]);
    });
  }
}

export class Camera {
  constructor(video) {
    this.video = video;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.track = null;
  }

  async open() {
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("no camera", "NotFoundError");
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: "environment" }, width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
    this.track = stream.getVideoTracks()[0];
    try {
      await this.track.applyConstraints({ advanced: [{ focusMode: "continuous" }] });
    } catch {
      // A camera without autofocus.
    }
    this.video.srcObject = stream;
    await this.video.play();
  }

  get hasLight() {
    return Boolean(this.track?.getCapabilities?.().torch);
  }

  async light(on) {
    await this.track.applyConstraints({ advanced: [{ torch: on }] });
  }

  // The picture of this moment, or null while there is none.
  grab() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (!width || this.video.readyState < 2) return null;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.context.drawImage(this.video, 0, 0);
    return this.context.getImageData(0, 0, width, height);
  }
}

// Draws a photo into a canvas as it is to be seen, and returns its pixels.
export async function drawPhoto(file, canvas) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LARGEST_PHOTO / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

// Outlines, signs, words and serials over a picture of this size, and the picture itself if it is given.
export function drawMarks(canvas, size, drawn, picture = null) {
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (picture) context.drawImage(picture, 0, 0);
  // One CSS pixel in pixels of the picture: the canvas is fitted into its place.
  const unit = Math.max(size.width / Math.max(canvas.clientWidth, 1), size.height / Math.max(canvas.clientHeight, 1));
  for (const { corners, label } of drawn) {
    const tone = label.answer?.tone ?? "none";
    context.beginPath();
    for (const { x, y } of corners) context.lineTo(x, y);
    context.closePath();
    context.lineJoin = "round";
    context.strokeStyle = "#000";
    context.lineWidth = 6 * unit;
    context.stroke();
    context.strokeStyle = COLOURS[tone];
    context.lineWidth = 4 * unit;
    context.stroke();
  }
  // What is wrong comes last, over what lies beside it.
  const order = ["good", "none", "note", "bad"];
  const tone = ({ label }) => label.answer?.tone ?? "none";
  const sorted = [...drawn].sort((one, other) => order.indexOf(tone(one)) - order.indexOf(tone(other)));
  for (const item of sorted) caption(context, item.corners, item.label.answer, tone(item), unit);
}

// On the symbol, which is read already, so that it covers no other label: word and serial where they fit, as large as
// they can be read, else a sign alone.
function caption(context, corners, answer, tone, unit) {
  const [xs, ys] = [corners.map((at) => at.x), corners.map((at) => at.y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const lines = answer ? [`${SIGNS[tone]} ${answer.shown.word}`, shortSerials(answer.serials)].filter(Boolean) : [];
  const margin = 6 * unit;
  const font = (height) => { context.font = `700 ${height}px system-ui, sans-serif`; };
  font(unit);
  const widest = Math.max(...lines.map((line) => context.measureText(line).width));
  const height = unit * Math.min(LARGE, ((right - left) * 1.35 - 2 * margin) / widest);
  context.textBaseline = "middle";
  if (!lines.length || height < SMALL * unit) {
    sign(context, (left + right) / 2, (top + bottom) / 2, tone, Math.min((right - left) * 0.3, 18 * unit));
    return;
  }
  font(height);
  const [width, all] = [widest * height / unit + 2 * margin, lines.length * 1.25 * height + margin];
  const x = Math.max(0, Math.min((left + right - width) / 2, context.canvas.width - width));
  const y = Math.max(0, Math.min(bottom - all, context.canvas.height - all));
  context.fillStyle = "rgba(0, 0, 0, .82)";
  context.fillRect(x, y, width, all);
  context.fillStyle = COLOURS[tone];
  context.fillRect(x, y, margin / 2, all);
  context.fillStyle = "#fff";
  lines.forEach((line, index) => context.fillText(line, x + margin, y + margin / 2 + (index + 0.5) * 1.25 * height));
}

function sign(context, x, y, tone, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = COLOURS[tone];
  context.fill();
  context.lineWidth = radius / 6;
  context.strokeStyle = "#000";
  context.stroke();
  context.font = `800 ${1.4 * radius}px system-ui, sans-serif`;
  context.fillStyle = "#000";
  context.textAlign = "center";
  context.fillText(SIGNS[tone], x, y + radius * 0.08);
  context.textAlign = "start";
}

function shortSerials(text) {
  const [first, ...others] = (text || "").split(", ");
  return others.length ? `${first} +${others.length}` : first;
}
