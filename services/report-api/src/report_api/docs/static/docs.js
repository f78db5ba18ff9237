// Opens what an address names, and sends an operation from the page. Nothing is kept, and nothing asked of another host.

const ROOT = document.body.dataset.root;

function open() {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.matches("details")) {
    named.open = true;
    named.scrollIntoView();
  }
}

/** Return the address and options of a request, as the fields of a form say. */
function requestOf(form) {
  const { method, path } = form.dataset;
  const headers = {};
  const query = new URLSearchParams();
  let place = path;
  for (const { dataset, value } of form.querySelectorAll("input")) {
    if (dataset.place === "path") place = place.replace(`{${dataset.name}}`, encodeURIComponent(value));
    else if (value && dataset.place === "query") query.append(dataset.name, value);
    else if (value) headers[dataset.name] = value;
  }
  const key = document.querySelector("#key").value.trim();
  if (key) headers.Authorization = `Bearer ${key}`;
  const body = form.querySelector("textarea")?.value;
  if (body) headers["Content-Type"] = "application/json";
  const asked = String(query);
  return [ROOT + place.slice(1) + (asked && `?${asked}`), { method, headers, body: body || undefined }];
}

function inWords(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(form) {
  const told = form.querySelector("pre");
  try {
    const answer = await fetch(...requestOf(form));
    told.textContent = `${answer.status} ${answer.statusText}\n${inWords(await answer.text())}`;
  } catch (error) {
    told.textContent = `No answer: ${error.message}`;
  }
  told.hidden = false;
}

for (const form of document.querySelectorAll(".try")) {
  form.querySelector("button").addEventListener("click", () => send(form));
}
addEventListener("hashchange", open);
open();
