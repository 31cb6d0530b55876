// The stream of live values, kept up: closed while nobody looks, tried again whatever ended it.

const SILENCE_MS = 12000; // the device sends something every 5 s
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 15000;

/** Call `onMessage` with each message; `onTrouble` with "lost", "crowded" or "signed_out" while there is none. */
export function listen(onMessage, onTrouble) {
  let source = null;
  let silence = 0;
  let retry = 0;
  let retryMs = FIRST_RETRY_MS;

  function heard() {
    clearTimeout(silence);
    silence = setTimeout(() => fail("lost"), SILENCE_MS);
  }

  function open() {
    close();
    source = new EventSource("/api/live");
    source.onmessage = (event) => {
      retryMs = FIRST_RETRY_MS;
      heard();
      onMessage(JSON.parse(event.data));
    };
    source.onerror = () => ask();
    heard();
  }

  function close() {
    if (source) source.close();
    source = null;
    clearTimeout(silence);
    clearTimeout(retry);
  }

  function fail(trouble) {
    close();
    onTrouble(trouble);
    if (document.hidden) return;
    retry = setTimeout(open, retryMs);
    retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
  }

  /** An EventSource does not say what went wrong; a plain question does. */
  async function ask() {
    close();
    try {
      const answer = await fetch("/healthz", { cache: "no-store" });
      const page = answer.ok ? await fetch("/api/now", { cache: "no-store" }) : answer;
      if (page.status === 401 || page.status === 403) fail("signed_out");
      else if (page.ok) fail("crowded");
      else fail("lost");
    } catch {
      fail("lost");
    }
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  open();
}
