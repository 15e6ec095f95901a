// Asks the daemon how it stands, again and again; a page that nobody looks at does not ask.

const EVERY_MS = 2000;
const LIMIT_MS = 8000;

export function poll(show, fail) {
  let timer = null;

  async function ask() {
    timer = null;
    try {
      show(await latest());
    } catch (error) {
      fail(error);
    }
    if (!document.hidden && timer === null) timer = setTimeout(ask, EVERY_MS);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && timer === null) ask();
  });
  ask();
}

async function latest() {
  const [status, history] = await Promise.all([fetched("status"), fetched("page/history")]);
  return { status: status.body, history: history.body, now: status.date };
}

async function fetched(path) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(LIMIT_MS) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  // The daemon's clock, which its timestamps are of; the browser's may differ.
  const date = Date.parse(answer.headers.get("date") ?? "");
  return { body: await answer.json(), date: (Number.isNaN(date) ? Date.now() : date) / 1000 };
}
