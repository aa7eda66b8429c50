// inbox — conversations with students. Keyboard first: j/k or arrows choose, Enter writes, ⌘/Ctrl+Enter sends, d is done.
import { get, post, put } from '../shared/api.js';
import { dateTime, number, t } from '../shared/i18n.js';
import { on } from '../shared/live.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { prefs } from '../shared/prefs.js';
import { html, useEffect, useLoad, useRef, useState, useValue } from '../shared/view.js';
import { account } from './account.js';
import { Badge, Heading, More, State, useList } from './parts.js';
import { go, route, setQuery } from './route.js';

const VIEWS = ['unread', 'open', 'mine', 'done'];
const QUERIES = { unread: { only: 'unread' }, open: {}, mine: { only: 'mine' }, done: { state: 'done' } };
const PATH = '/api/v1/console/conversations';

/** Times a view is asked again after what the server tells; several at once are one. */
function useTold(reload, key) {
  useEffect(() => {
    let timer = 0;
    const stop = on('conversation.changed', () => { clearTimeout(timer); timer = setTimeout(reload, 150); });
    return () => { clearTimeout(timer); stop(); };
  }, [key]);
}

/* ---- the list ---- */

const Item = ({ item, chosen }) => html`<li><a class="talk ${item.unread ? 'talk-unread' : ''}" href="#/inbox/${item.student_id}?view=${route.value.query.get('view') || 'unread'}"
  aria-current=${chosen ? 'true' : null}>
  <span class="talk-name"><strong>${item.name_masked || t('inbox.nobody')}</strong>${item.unread > 0 && html`<${Badge}
    tone="warn">${number(item.unread)}<span class="unseen"> ${t('inbox.unread')}</span><//>`}</span>
  <span class="talk-about muted small">${item.submission ? html`<code>${item.submission.code}</code> ${item.submission.school_name}` : t('inbox.no_submission')}</span>
  <span class="talk-when muted small">${item.waiting_since ? t('inbox.waits', { since: dateTime(item.waiting_since) }) : dateTime(item.last)}${item.assigned_to ? ` · ${item.assigned_to.display_name}` : ''}</span>
</a></li>`;

/* ---- one conversation ---- */

function Picture({ student, message }) {
  const [shown, setShown] = useState(false);
  const path = `${PATH}/${student}/picture/${message}`;
  return shown ? html`<a href=${path} target="_blank" rel="noreferrer"><img class="talk-picture" src=${path} alt=${t('inbox.picture')} /></a>`
    : html`<button type="button" onClick=${() => setShown(true)}>${t('inbox.show_picture')}</button>`;
}

function Message({ student, message }) {
  const mine = message.sender === 'service';
  const who = message.sender === 'student' ? t('inbox.student') : mine ? message.by?.display_name || t('inbox.service') : t('inbox.system');
  return html`<li class="said said-${message.sender}">
    <span class="muted small">${who} ${dateTime(message.created)}${mine ? ` · ${t(`channel.${message.channel}`)}${message.read ? ` · ${t('inbox.seen')}` : ''}` : ''}
      ${message.verdict && message.verdict !== 'pass' && html`<${Badge} tone="bad">${t(`inbox.verdict.${message.verdict}`)}<//>`}</span>
    ${message.title && html`<strong>${message.title}</strong>`}
    ${message.text && html`<p>${message.text}</p>`}
    ${message.picture && html`<${Picture} student=${student} message=${message.id} />`}</li>`;
}

function Canned({ onPick }) {
  const { data } = useLoad((signal) => get('/api/v1/console/answers', { signal }), []);
  return html`<label class="field"><span>${t('inbox.canned')}</span><select
    onChange=${(event) => { if (event.target.value) onPick(data.items[Number(event.target.value)].text); event.target.value = ''; }}>
    <option value="">${t('inbox.canned_choose')}</option>
    ${(data?.items || []).map((one, i) => html`<option key=${i} value=${i}>${one.title}</option>`)}</select></label>`;
}

function Answer({ talk, onSent }) {
  const [text, setText] = useState('');
  const [state, setState] = useState({});
  const field = useRef();
  const run = async (work) => {
    setState({ busy: true });
    try {
      await work();
      setText('');
      setState({});
      onSent();
    } catch (problem) {
      setState({ problem });
    }
  };
  const send = () => text.trim() && run(() => post(`${PATH}/${talk.student_id}/messages`, { text: text.trim() }));
  const picture = (event) => {
    const file = event.target.files[0];
    event.target.value = '';
    if (file)
      run(() => post(`${PATH}/${talk.student_id}/picture`, file, { type: file.type }));
  };
  return html`<form class="answer" onSubmit=${(event) => { event.preventDefault(); send(); }}>
    <${ProblemBox} problem=${state.problem} />
    <p class="muted small">${talk.window_until ? t('inbox.window', { left: talk.window_left, until: dateTime(talk.window_until) }) : t('inbox.no_window')}</p>
    <label class="field"><span>${t('inbox.answer')}</span><textarea ref=${field} name="answer" rows="3" maxlength="1000" value=${text}
      onInput=${(event) => setText(event.target.value)}
      onKeyDown=${(event) => { if (event.code === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); } }}></textarea></label>
    <div class="row"><button type="submit" class="primary" disabled=${state.busy || !text.trim()}>${t('inbox.send')} <kbd aria-hidden="true">Ctrl ↵</kbd></button>
      <label class="button">${t('inbox.send_picture')}<input class="unseen" type="file" accept="image/jpeg,image/png" onChange=${picture} /></label>
      <${Canned} onPick=${(words) => { setText(text ? `${text}\n${words}` : words); field.current?.focus(); }} /></div>
  </form>`;
}

function Talk({ id, onChanged }) {
  const me = useValue(account);
  const { data, error, reload } = useLoad((signal) => get(`${PATH}/${id}`, { signal }), [id]);
  useTold(reload, id);
  useEffect(() => { if (data?.unread) post(`${PATH}/${id}/read`).then(onChanged, () => {}); }, [data?.unread, id]);
  const change = async (path, body, words) => {
    await post(`${PATH}/${id}/${path}`, body).then(() => notify('ok', words), (problem) => notify('bad', problem.title));
    reload();
    onChanged();
  };
  if (error)
    return html`<${ProblemBox} problem=${error} retry=${reload} />`;
  if (!data)
    return html`<p class="muted" aria-busy="true">…</p>`;
  const own = data.assigned_to?.id === me.id;
  return html`<section class="talk-open" aria-label=${data.name_masked || t('inbox.nobody')}>
    <header class="row"><h2 tabindex="-1">${data.name_masked || t('inbox.nobody')}</h2>
      <button type="button" onClick=${() => change('assign', own ? {} : { account_id: me.id }, t(own ? 'inbox.released' : 'inbox.taken'))}>${t(own ? 'inbox.release' : 'inbox.take')}</button>
      ${data.state === 'open' && html`<button type="button" data-act="done" onClick=${() => change('done', undefined, t('inbox.is_done'))}>${t('inbox.done')} <kbd aria-hidden="true">D</kbd></button>`}</header>
    <ul class="plain">${data.submissions.map((one) => html`<li key=${one.id}><a
      href="#/submissions/${one.id}"><code>${one.code}</code></a> ${one.school_name} · ${one.session_name} <${State} name=${one.state} /></li>`)}</ul>
    <ol class="says" reversed tabindex="0" aria-label=${t('inbox.said')}>${[...data.items].reverse().map((one) => html`<${Message} key=${one.id} student=${id} message=${one} />`)}</ol>
    <${Answer} talk=${data} onSent=${() => { reload(); onChanged(); }} />
  </section>`;
}

/* ---- answers kept ready ---- */

export function AnswersEditor() {
  const { data, error, reload } = useLoad((signal) => get('/api/v1/console/answers', { signal }), []);
  const [items, setItems] = useState(null);
  const [problem, setProblem] = useState(null);
  const shown = items || data?.items || [];
  const set = (i, part) => setItems(shown.map((one, k) => (k === i ? { ...one, ...part } : one)));
  const save = () => put('/api/v1/console/answers', { items: shown }).then(() => { setItems(null); setProblem(null); reload(); notify('ok', t('inbox.saved')); }, setProblem);
  return html`<details><summary>${t('inbox.canned_edit')}</summary><${ProblemBox} problem=${error || problem} />
    ${shown.map((one, i) => html`<fieldset key=${i}><label class="field"><span>${t('inbox.canned_title')}</span><input maxlength="40" value=${one.title}
      onInput=${(event) => set(i, { title: event.target.value })} /></label>
      <label class="field"><span>${t('inbox.canned_text')}</span><textarea rows="2" maxlength="1000" value=${one.text} onInput=${(event) => set(i, { text: event.target.value })}></textarea></label>
      <button type="button" class="quiet" onClick=${() => setItems(shown.filter((_, k) => k !== i))}>${t('inbox.canned_remove')}</button></fieldset>`)}
    <div class="row"><button type="button" onClick=${() => setItems([...shown, { title: '', text: '' }])}>${t('inbox.canned_add')}</button>
      <button type="button" disabled=${!items} onClick=${save}>${t('act.save')}</button></div></details>`;
}

/* ---- the page ---- */

export function Inbox({ id }) {
  const { query } = useValue(route);
  const view = VIEWS.includes(query.get('view')) ? query.get('view') : 'unread';
  const list = useList(PATH, QUERIES[view]);
  useTold(list.reload, view);
  const open = (step) => {
    const at = list.items.findIndex((one) => one.student_id === id);
    const next = list.items[Math.max(0, Math.min(list.items.length - 1, at + step))];
    if (next)
      go(`inbox/${next.student_id}?view=${view}`);
  };
  useEffect(() => {
    const press = (event) => {
      if (prefs.value.shortcuts === 'off' || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('input, textarea, select, dialog'))
        return;
      const act = { KeyJ: () => open(1), ArrowDown: () => open(1), KeyK: () => open(-1), ArrowUp: () => open(-1), KeyD: () => document.querySelector('[data-act=done]')?.click() }[event.code]
        || (event.code === 'Enter' && !event.target.closest?.('a, button') && (() => document.querySelector('textarea[name=answer]')?.focus()));
      if (act) {
        event.preventDefault();
        act();
      }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [id, view, list.items]);
  return html`<${Heading} title=${t('page.inbox')} />
    <div class="tabs" role="group" aria-label=${t('inbox.view')}>${VIEWS.map((name) => html`<button key=${name} type="button" aria-pressed=${name === view}
      onClick=${() => setQuery({ view: name })}>${t(`inbox.view.${name}`)}</button>`)}</div>
    <div class="inbox"><nav aria-label=${t('page.inbox')}>
      <ul class="plain talks">${list.items.map((item) => html`<${Item} key=${item.student_id} item=${item} chosen=${item.student_id === id} />`)}</ul>
      ${!list.loading && list.items.length === 0 && !list.error && html`<p class="empty muted">${t(`inbox.none.${view}`)}</p>`}
      <${More} list=${list} /><${AnswersEditor} /></nav>
      ${id ? html`<${Talk} key=${id} id=${id} onChanged=${list.reload} />` : html`<p class="muted">${t('inbox.hint')}</p>`}
    </div>`;
}
