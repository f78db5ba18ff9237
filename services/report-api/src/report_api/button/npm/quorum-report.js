// quorum-report 1.0.0, Apache-2.0. README.md says what it takes.

const NAMES = "report reported why send cancel again offline withdraw withdrawn wait signIn failed blocked held show kept".split(" ");
const TEXTS = {
  en: `Report this picture
Reported
What is wrong with it?
Send
Cancel
Try again
You are offline. The report will be sent later.
Withdraw
The report has been withdrawn.
Too many reports. Please try again {when}.
Please sign in to report pictures.
This could not be sent. Please try again in a moment.
This picture was blocked after reports by several people.
This picture was reported and awaits review.
Show it
This picture was reviewed and stays.`,
  fr: `Signaler cette image
Signalée
Quel est le problème ?
Envoyer
Annuler
Réessayer
Vous êtes hors ligne. Le signalement sera envoyé plus tard.
Retirer
Le signalement a été retiré.
Trop de signalements. Réessayez {when}.
Connectez-vous pour signaler des images.
L'envoi a échoué. Réessayez dans un moment.
Cette image a été bloquée après avoir été signalée par plusieurs personnes.
Cette image a été signalée et attend d'être examinée.
L'afficher
Cette image a été examinée et reste en ligne.`,
  ar: `أبلغ عن هذه الصورة
تم الإبلاغ
ما المشكلة فيها؟
أرسل
إلغاء
حاول مرة أخرى
أنت غير متصل بالإنترنت. سيُرسل البلاغ لاحقًا.
اسحب البلاغ
سُحب البلاغ.
البلاغات كثيرة. حاول مرة أخرى {when}.
سجّل الدخول للإبلاغ عن الصور.
تعذّر الإرسال. حاول مرة أخرى بعد قليل.
حُجبت هذه الصورة بعد أن أبلغ عنها عدة أشخاص.
أُبلغ عن هذه الصورة وهي تنتظر المراجعة.
اعرضها
روجعت هذه الصورة وبقيت.`,
  es: `Denunciar esta imagen
Denunciada
¿Cuál es el problema?
Enviar
Cancelar
Reintentar
No tiene conexión. La denuncia se enviará más tarde.
Retirar
La denuncia se ha retirado.
Demasiadas denuncias. Inténtelo de nuevo {when}.
Inicie sesión para denunciar imágenes.
No se ha podido enviar. Inténtelo dentro de un momento.
Esta imagen se bloqueó tras las denuncias de varias personas.
Esta imagen fue denunciada y espera revisión.
Mostrarla
Esta imagen se ha revisado y se mantiene.`,
};

const STYLE = `
:host{display:block;margin-block:.5rem;--a:var(--quorum-accent,light-dark(#9c2f1f,#f0937f));--r:var(--quorum-radius,.6rem)}
[hidden]{display:none!important}
button{min-height:44px;min-width:44px;margin:.25rem 0;margin-inline-end:.5rem;padding:.4em 1em;font:inherit;color:inherit;background:none;border:1px solid;border-radius:var(--r);cursor:pointer}
[aria-disabled=true]{border-style:dashed;cursor:default}
:focus-visible{outline:3px solid;outline-offset:2px}
p{margin:.6rem 0}
p:empty{margin:0}
[part=notice]:not(:empty){padding:1em;border:1px dashed}
dialog{box-sizing:border-box;width:min(26rem,100vw - 2rem);max-height:calc(100dvh - 2rem);padding:1.25rem;font-size:1rem;line-height:1.5;text-align:start;white-space:normal;color:var(--quorum-ink,CanvasText);background:var(--quorum-paper,Canvas);border:1px solid GrayText;border-radius:var(--r)}
dialog::backdrop{background:#0009}
fieldset{margin:0 0 .6rem;padding:0;border:0}
legend{padding:0;font-size:1.25rem;font-weight:600}
label{display:flex;align-items:center;gap:.7rem;min-height:44px;cursor:pointer}
input{width:1.2rem;height:1.2rem;margin:0;accent-color:var(--a)}
[part=send]{color:var(--quorum-on-accent,light-dark(#fff,#2a0d07));background:var(--a);border-color:var(--a)}
@media(prefers-reduced-motion:no-preference){dialog{animation:come .15s}@keyframes come{from{opacity:0}}}`;

const STORE = "quorum-report";
const apis = {};
const updates = new Set();
const seen = new Map();
const told = new Map(); // words, or an error
let sheet;
let sent = new Map(); // with receipts
let queue = [];

const quietly = (act) => {
  try {
    return act();
  } catch {}
};

const read = () =>
  quietly(() => {
    const kept = JSON.parse(localStorage[STORE]);
    sent = new Map(kept.sent.slice(-500));
    queue = kept.queue.filter((one) => one?.key).slice(-20);
  });

function keep(change) {
  read();
  change();
  quietly(() => (localStorage[STORE] = JSON.stringify({ sent: [...sent], queue })));
  updates.forEach(quietly);
}

const settle = (name, receipt) =>
  keep(() => {
    queue = queue.filter((one) => one.name !== name);
    sent.delete(name);
    if (receipt != null) sent.set(name, receipt);
  });

async function tell(name, work) {
  if (told.get(name) === "…") return;
  const say = (words) => keep(() => told.set(name, words));
  say("…");
  say(await work(say).catch((error) => error));
}

async function get(url, options) {
  const answer = await fetch(url, { signal: AbortSignal.timeout(10_000), ...options });
  if (!answer.ok) throw answer;
  return answer;
}

async function newToken(url) {
  const text = await (await get(url, { credentials: "include" })).text();
  const token = text[0] === "{" ? JSON.parse(text).token : text.trim();
  if (!/^[\w.-]+$/.test(token)) throw { status: 401 };
  return token;
}

const after = ({ headers }) => +headers?.get("Retry-After");
const post = (body, headers) => ({
  method: "POST",
  headers: { ...headers, "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

function makeApi(root, tokens) {
  let token, silent, known;
  const ids = new Set();

  async function call(path, options, again) {
    const asked = tokens && (token ??= newToken(tokens));
    try {
      const headers = { ...options.headers, ...(asked && { Authorization: "Bearer " + (await asked) }) };
      return await get(root + path, { ...options, headers });
    } catch (error) {
      if (token === asked) token = null;
      if (asked && !again && /token-expired/.test(await error.text?.())) return call(path, options, true);
      throw error;
    }
  }

  async function lookUp(ids) {
    const names = ids.map((id) => root + id);
    const receipts = names.map((name) => sent.get(name)).filter(Boolean);
    try {
      const { images } = await (await call("v1/images/visibility", post({ image_ids: ids, receipts }))).json();
      keep(() =>
        images.forEach((image, at) => {
          seen.set(names[at], image);
          if (image.own_report) sent.set(names[at], image.receipt);
        }),
      );
    } catch ({ status }) {
      silent = /40[1345]/.test(status);
    }
  }

  return {
    root,
    tokens,
    call,

    async reasons(language) {
      const cache = navigator.onLine ? "default" : "force-cache";
      const ask = async () => (await get(root + "v1/reasons", { cache, headers: { "Accept-Language": language } })).json();
      if (known?.language !== language) known = { language, reasons: (await ask()).reasons };
      return known.reasons;
    },

    async send({ name, image, reason, key, language }) {
      const report = post({ image_id: image, reason }, { "Idempotency-Key": key, "Accept-Language": language });
      for (let tries = 1; ; tries++) {
        try {
          const { message } = await (await call("v1/reports", report)).json();
          settle(name, "");
          return message;
        } catch (error) {
          const { status } = error;
          const busy = status === 503;
          if (/4(?!01|29)../.test(status)) settle(name);
          if (tries > 1 + busy || (status && !busy) || !navigator.onLine) throw error;
          const seconds = Math.min((busy && after(error)) || tries, 20);
          await new Promise((done) => setTimeout(done, seconds * (1000 + 250 * Math.random())));
        }
      }
    },

    look(id) {
      if (!ids.size) {
        setTimeout(() => {
          const all = [...ids].filter((id) => id?.length < 2048);
          ids.clear();
          while (all[0] && !silent) lookUp(all.splice(0, 200));
        }, 30);
      }
      ids.add(id);
    },
  };
}

const apiAt = (root, tokens) => (apis[root + tokens] ??= makeApi(root, tokens));

function flush() {
  read();
  for (const one of queue) tell(one.name, () => apiAt(one.root, one.tokens).send(one));
}

function make(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  made.append(...inside);
  return made;
}

function askReason(box, words, reasons) {
  const choices = reasons.map(({ name, label }) => {
    const choice = make("input", { type: "radio", name: "reason", value: name, required: "" });
    return make("label", { part: "reason" }, choice, words.reasons?.[name] ?? label);
  });
  const title = make("legend", { part: "title", id: "why" }, words.why);
  const send = make("button", { part: "send", value: "send" }, words.send);
  const cancel = make("button", { part: "cancel", value: "", formnovalidate: "" }, words.cancel);
  const form = make("form", { method: "dialog" }, make("fieldset", { part: "reasons" }, title, ...choices), send, cancel);
  const dialog = make("dialog", { part: "dialog", "aria-labelledby": "why" }, form);
  box.append(dialog);
  dialog.showModal();
  return new Promise((done) => {
    dialog.onclose = () => {
      dialog.remove();
      done(dialog.returnValue && form.reason.value);
    };
  });
}

function makeButton(host) {
  let shown, hidden;
  const attribute = (name) => host.getAttribute(name);
  const language = () => host.closest("[lang]")?.lang || document.documentElement.lang || navigator.language;
  const words = () => {
    const lines = (TEXTS[language().split("-")[0]] ?? TEXTS.en).split("\n");
    return { ...Object.fromEntries(NAMES.map((name, line) => [name, lines[line]])), ...JSON.parse(attribute("texts")) };
  };
  const api = () =>
    apiAt(
      new URL(attribute("endpoint") ?? new URL("..", import.meta.url), document.baseURI).href.replace(/\/?$/, "/"),
      attribute("token-url") ?? "",
    );
  const name = () => api().root + attribute("image");
  const waiting = () => queue.find((one) => one.name === name());

  const picture = () => {
    const before = host.previousElementSibling;
    return host.picture ?? (before?.matches("img,:has(img)") ? before : null);
  };

  const act = (part, work) => {
    const made = make("button", { part });
    made.onclick = () => made.ariaDisabled === "true" || tell(name(), work);
    return made;
  };

  const notice = make("p", { part: "notice" });
  const status = make("p", { part: "status", role: "status" });
  const show = act("show", async () => {
    shown = name();
    return "";
  });
  const report = act("button", async (say) => {
    const { root, tokens, reasons, send } = api();
    if (!waiting()) {
      const choices = await reasons(language());
      say("");
      const reason = await askReason(box, words(), choices);
      if (!reason) return "";
      const key = [...crypto.getRandomValues(new Uint32Array(4))].join("-");
      const one = { name: name(), image: attribute("image"), reason, key, language: language(), root, tokens };
      keep(() => queue.push(one));
    }
    say("…");
    const message = await send(waiting());
    setTimeout(begin, 3000);
    return words().thanks ?? message;
  });
  const withdraw = act("withdraw", async () => {
    try {
      if (!waiting()) await api().call("v1/reports/" + encodeURIComponent(attribute("image")), { method: "DELETE" });
      settle(name());
      return words().withdrawn;
    } catch (error) {
      api().fixed = /40[45]/.test(error.status);
      if (api().fixed) return "";
      throw error;
    }
  });
  const box = make("div", {}, notice, show, report, withdraw, status);

  const said = (what) => {
    if (waiting() && !navigator.onLine) return words().offline;
    if (what.trim) return what;
    const when = new Intl.RelativeTimeFormat(language()).format(after(what) || 5, "second");
    return words()[{ 401: "signIn", 403: "signIn", 429: "wait" }[what.status] ?? "failed"].replace("{when}", when);
  };

  const update = () => {
    const text = words();
    const focused = root.activeElement;
    const { visibility, own_report } = seen.get(name()) ?? {};
    const held = visibility === "held" && shown !== name();
    const hides = held || visibility === "blocked";
    const reported = sent.has(name());
    const kept = own_report === "kept";
    const what = told.get(name()) ?? (kept ? text.kept : "");
    const waits = waiting() && what !== "…";
    box.lang = language();
    box.dir = /^(ar|he|fa|ur)/.test(box.lang) ? "rtl" : "ltr";
    notice.textContent = hides ? text[visibility] : "";
    show.textContent = text.show;
    show.hidden = !held;
    report.textContent = text[reported ? "reported" : waits ? "again" : "report"];
    report.ariaDisabled = reported;
    const alt = (picture()?.querySelector("img") ?? picture())?.alt;
    report.ariaLabel = report.textContent + (alt ? ": " + alt : "");
    report.hidden = hides;
    withdraw.textContent = text.withdraw;
    withdraw.hidden = hides || kept || what === "…" || !(waits || (reported && !api().fixed));
    status.textContent = said(what);
    const changed = hides ? picture() : hidden;
    if (changed) changed.style.display = hides ? "none" : "";
    hidden = hides && changed;
    if (focused?.hidden) report.focus();
  };

  const begin = () => {
    update();
    if (attribute("hide") !== "off") api().look(attribute("image"));
  };

  const root = host.attachShadow({ mode: "open" });
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  root.append(box);
  return { begin, update };
}

export class QuorumReport extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ["image", "lang", "texts"];
  #button;

  connectedCallback() {
    quietly(() => {
      this.#button ??= makeButton(this);
      updates.add(this.#button.update);
      this.#button.begin();
    });
  }

  disconnectedCallback() {
    updates.delete(this.#button?.update);
  }

  attributeChangedCallback() {
    quietly(() => this.#button.begin());
  }
}

function adopt(script) {
  const look = () => {
    for (const img of document.querySelectorAll("img[data-quorum]:not([data-reportable])")) {
      img.dataset.reportable = "";
      const button = make("quorum-report", { image: img.dataset.quorum || img.src });
      for (const { name, value } of script.attributes) {
        if (/^data-(?!auto)/.test(name)) button.setAttribute(name.slice(5), value);
      }
      button.picture = img.closest("a,button") ?? img.closest("picture") ?? img;
      button.picture.after(button);
    }
  };
  look();
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
}

quietly(() => {
  flush();
  customElements.get("quorum-report") ?? customElements.define("quorum-report", QuorumReport);
  const script = [...document.scripts].find(({ src, dataset }) => src === import.meta.url && "auto" in dataset);
  if (script) adopt(script);
  addEventListener("online", flush);
});
