// entry — which capture session: by the poster's code, or found by the school's name.
import { schoolFind } from '../shared/client.js';
import { date, t } from '../shared/i18n.js';
import { ProblemBox, complain } from '../shared/notices.js';
import { html, useEffect, useState, useValue } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Own } from './own.js';
import { Cell, Cells, Field, Form, Screen, useTask } from './parts.js';
import { go, goInstead } from './route.js';
import { openSession, student } from './student.js';

const TYPING_MS = 350;
const LEVELS = ['associate', 'undergraduate', 'postgraduate', 'adult', 'open', 'self_study'];

const enter = (code) => openSession(code).then(() => goInstead('home'));

/** Schools whose name has what was typed, with the sessions that are not over. */
function Schools() {
  const form = useDraft('school', { q: '', level: '' });
  const [{ q, level }, set] = form;
  const [found, setFound] = useState({});
  const words = q.trim();
  useEffect(() => {
    if (words.length < 2)
      return setFound({});
    const abort = new AbortController();
    const timer = setTimeout(() => schoolFind({ query: { q: words, level }, signal: abort.signal }).then(({ items }) => setFound({ items }), (problem) => { if (!abort.signal.aborted) setFound({ problem }); }), TYPING_MS);
    return () => { clearTimeout(timer); abort.abort(); };
  }, [words, level]);
  return html`<h2>${t('entry.by_school')}</h2>
    <${Field} form=${form} name="q" label=${t('entry.school')} hint=${t('entry.school_hint')} maxlength="100" enterkeyhint="search" />
    <label class="field"><span>${t('entry.level')}</span><select name="level" value=${level} onChange=${(event) => set('level', event.target.value)}>
      <option value="">${t('entry.any_level')}</option>${LEVELS.map((one) => html`<option key=${one} value=${one}>${t(`level.${one}`)}</option>`)}</select></label>
    <${ProblemBox} problem=${found.problem} />
    <div role="status">${found.items && found.items.length === 0 && html`<p class="hint">${t('entry.nothing')}</p><button type="button" class="big" onClick=${() => go('messages')}>${t('student.ask_service')}</button>`}
      ${(found.items || []).map((school) => html`<${Cells} key=${school.school_code} title=${school.school}>
        ${school.sessions.length === 0 && html`<${Cell} label=${t('entry.no_session')} />`}
        ${school.sessions.map((one) => html`<${Cell} key=${one.code} label=${one.name} note=${`${one.level ? `${t(`level.${one.level}`)} · ` : ''}${date(one.opens)} – ${date(one.closes)}`}
          value=${one.open_now ? '' : t('entry.not_open')} onOpen=${() => enter(one.code).catch(complain)} />`)}<//>`)}</div>`;
}

export function Entry() {
  const form = useDraft('entry', { session_code: '' });
  const [state, start] = useTask(async () => {
    await enter(form[0].session_code.trim());
    form[2]();
  });
  return html`<${Screen} title=${t('student.enter')} back=${null} lead=${t('student.session_text')}>
    <${Form} state=${state} label=${t('student.enter_do')} onSubmit=${start}>
      <${Field} form=${form} name="session_code" label=${t('student.session_code')} hint=${t('student.session_hint')} required maxlength="8"
        pattern="[0-9]{8}|[0-9A-Za-z]{6}" /><//>
    <${Schools} />
    <${Own} me=${useValue(student)} />
  <//>`;
}
