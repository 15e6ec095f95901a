// What the page needs to know of the daemon, from /status and the history.

export const NAMES = { main: "This model", naive: "Naive companion", frozen: "Frozen companion", fresh: "Fresh companion", challenger: "Challenger" };
const BLANK = { events: [], task: [], scores: [], number: [] };

export class Standing {
  constructor({ status, history, now }) {
    this.status = status;
    this.now = now;
    this.tasks = history.tasks ?? [];
    this.learners = new Map(Object.entries(history.learners ?? {}));
    this.stream = history.stream;
    this.notes = history.notes;
    this.newestEvent = history.newest_event;
    this.percent = (status.classes ?? []).length > 0;
  }

  // Those that can be compared: a naive companion that has missed events has learned less, and is left out.
  get companions() {
    return [...this.learners.keys()].filter((name) => name !== "main" && this.of(name).compares !== false);
  }

  // How far this model is ahead of a companion on the probe sets, at the newest evaluation of both.
  averageLead(learner) {
    return this.of(learner).lead?.average ?? null;
  }

  get evaluated() {
    return this.curve("main").events.length > 0;
  }

  get events() {
    return this.status.events ?? 0;
  }

  // Records still to be read, over the partitions whose end is known; undefined without any.
  get lag() {
    const known = (this.status.partitions ?? []).filter((each) => each.end_offset !== null);
    if (!known.length) return undefined;
    return known.reduce((sum, each) => sum + Math.max(0, each.end_offset - each.position), 0);
  }

  curve(learner) {
    return this.learners.get(learner)?.curve ?? BLANK;
  }

  boundaries(learner) {
    return this.learners.get(learner)?.boundaries ?? BLANK;
  }

  // What /status says of a learner.
  of(learner) {
    return (learner === "main" ? this.status : this.status.companions?.[learner]) ?? {};
  }

  retention(learner) {
    return this.of(learner).retention ?? {};
  }

  ofTask(learner, task) {
    const tasks = this.retention(learner).tasks ?? {};
    return Object.hasOwn(tasks, this.tasks[task]) ? tasks[this.tasks[task]] : {};
  }

  // The stretches of the stream in which one task was learned; the last is still going on.
  get segments() {
    const { number, events, task } = this.boundaries("main");
    const found = [];
    let start = number[0] > 0 ? null : 0;
    for (const [row, stop] of events.entries()) {
      if (start !== null) found.push({ task: task[row], start, stop });
      start = stop;
    }
    const current = this.tasks.indexOf(this.status.current_task);
    if (start !== null && current >= 0 && this.events > start) found.push({ task: current, start, stop: this.events });
    return found;
  }

  // Whether what is known of a learner now is of the main learner's newest evaluation.
  isOfNow(learner) {
    return this.retention(learner).events === this.retention("main").events;
  }

  // The scores of a learner's last evaluation at or before so many events. Where null, those of /status; of a companion
  // that was not part of the main learner's newest evaluation none, for they would stand beside others.
  scoresAt(learner, events) {
    if (events === null) return this.isOfNow(learner) ? this.tasks.map((_, task) => this.ofTask(learner, task).score) : [];
    const curve = this.curve(learner);
    const after = curve.events.findIndex((each) => each > events);
    return curve.scores[after < 0 ? curve.events.length - 1 : after - 1] ?? [];
  }
}
