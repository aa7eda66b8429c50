// idb — what must outlive a reload of the page and is too large for sessionStorage: photos on their way to the server. Kept
// on this phone for at most a day, gone with the log-out. Where the browser keeps nothing, memory does as long as the page lives.
const NAME = 'xueying.student';
const STORE = 'kept';
const KEEP_MS = 24 * 3600 * 1000;

const memory = new Map();
let opening;

function open() {
  opening = opening || new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = request.onblocked = () => reject(request.error);
  });
  return opening;
}

async function run(mode, work) {
  const db = await open();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => resolve(request && request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** `thing` has an id; `kept` is set to now unless it has one. */
export async function keep(thing) {
  const full = { kept: Date.now(), ...thing };
  memory.set(full.id, full);
  await run('readwrite', (store) => store.put(full)).then(() => memory.delete(full.id), () => {});
  return full;
}

export async function drop(id) {
  memory.delete(id);
  await run('readwrite', (store) => store.delete(id)).catch(() => {});
}

/** Everything that is kept and not too old; what is too old goes. */
export async function kept() {
  const stored = await run('readonly', (store) => store.getAll()).catch(() => []);
  const all = [...stored, ...memory.values()].sort((a, b) => a.kept - b.kept);
  const old = all.filter((one) => Date.now() - one.kept > KEEP_MS);
  await Promise.all(old.map((one) => drop(one.id)));
  return all.filter((one) => !old.includes(one));
}

export async function dropAll() {
  memory.clear();
  await run('readwrite', (store) => store.clear()).catch(() => {});
}
