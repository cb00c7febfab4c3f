// What this phone has seen: which labels, how often, and what the station said of each.

const AWAY = 2000; // milliseconds: a label that comes back after this is asked for again; of "boxes", it is another one
const MOST_READS = 64;
const MOST_SIGHTINGS = 99;

function base64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export class Labels {
  constructor(answered, connected) {
    this.answered = answered; // gets each answer that is new
    this.connected = connected; // gets true or false, and the state with it
    this.boxes = false;
    this.known = new Map();
    this.sending = false;
  }

  // The symbols of one picture; returns what is to be drawn of them. A still picture needs no second look.
  see(symbols, now, still = false) {
    const seen = new Map();
    for (const symbol of symbols) {
      const read = {
        content: base64(symbol.bytes), symbology: symbol.symbology, mirrored: symbol.mirrored, inverted: symbol.inverted,
      };
      const key = JSON.stringify(read);
      if (!seen.has(key)) seen.set(key, { read, places: [] });
      const places = seen.get(key).places;
      if (!places.some((other) => touch(other, symbol.corners))) places.push(symbol.corners);
    }
    const drawn = [];
    for (const [key, { read, places }] of seen) {
      let label = this.known.get(key);
      if (!label) {
        label = { read, sightings: 0, shown: 0, before: 0, last: now, sent: 0, doubtful: false, answer: null };
        this.known.set(key, label);
      }
      const returns = now - label.last > AWAY;
      if (returns) label.doubtful = true; // a unit of it may have been scrapped meanwhile
      if (this.boxes && returns) label.shown = label.before = 0;
      // Two labels with one content count once both are seen in two pictures: one alone may be a blurred double.
      const sure = still ? places.length : Math.min(places.length, Math.max(label.before, 1));
      if (sure > label.shown) {
        label.sightings = Math.min(label.sightings + sure - label.shown, MOST_SIGHTINGS);
        label.shown = sure;
      }
      label.before = places.length;
      label.last = now;
      for (const corners of places) drawn.push({ corners, label });
    }
    this.send();
    return drawn;
  }

  // Sends what the station has not heard of, one message at a time, until it has answered.
  async send() {
    if (this.sending) return;
    this.sending = true;
    try {
      for (;;) {
        const unsaid = (label) => label.sightings > label.sent || label.doubtful;
        const due = [...this.known.values()].filter(unsaid).slice(0, MOST_READS);
        if (!due.length) return;
        const sightings = due.map((label) => label.sightings);
        const reads = due.map((label, index) => ({ ...label.read, sightings: sightings[index] }));
        const state = await ask("/reads", { reads });
        due.forEach((label, index) => {
          const answer = state.answers[index];
          const isNew = sightings[index] > label.sent || answer.word !== label.answer.word;
          Object.assign(label, { sent: sightings[index], doubtful: false, answer });
          if (isNew) this.answered(answer);
        });
        this.connected(true, state);
      }
    } catch (error) {
      this.connected(false, error);
      if (!(error instanceof Refused)) setTimeout(() => this.send(), 1500);
    } finally {
      this.sending = false;
    }
  }
}

export class Refused extends Error {}

// A message to the station. `Refused` where it was understood and not taken; sending it again is useless.
export async function ask(path, document) {
  const request = document === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(document),
  };
  const answer = await fetch(path, { ...request, credentials: "same-origin", cache: "no-store" });
  const said = await answer.json();
  if (answer.ok) return said;
  if (answer.status >= 500) throw new Error(said.reason);
  throw new Refused(said.reason);
}

function centre(corners) {
  return { x: corners.reduce((sum, at) => sum + at.x, 0) / 4, y: corners.reduce((sum, at) => sum + at.y, 0) / 4 };
}

function touch(one, other) {
  const side = Math.max(Math.hypot(one[0].x - one[2].x, one[0].y - one[2].y), 1) / Math.SQRT2;
  const [a, b] = [centre(one), centre(other)];
  return Math.hypot(a.x - b.x, a.y - b.y) < side;
}
