// session_fields — everything of a capture session but its rules: name, window, level, year, batch. As inputs of a form,
// and as the card that changes them.
import { patch } from '../shared/api.js';
import { t } from '../shared/i18n.js';
import { ProblemBox, notify } from '../shared/notices.js';
import { html, useState } from '../shared/view.js';
import { has } from './account.js';

const LEVELS = ['', 'associate', 'undergraduate', 'postgraduate', 'adult', 'open', 'self_study', 'other'];
export const levelName = (level) => t(`level.${level || 'none'}`);

/** A moment as a date field of this browser's time zone takes it. */
function local(moment) {
  if (!moment) return '';
  const at = new Date(moment);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

export function SessionFields({ session = {}, disabled }) {
  return html`
    <label class="field"><span>${t('session.name')}</span><input name="name" maxlength="100" required autocomplete="off" disabled=${disabled} defaultValue=${session.name} /></label>
    <label class="field"><span>${t('session.level')}</span><select name="level" disabled=${disabled}>${LEVELS.map((level) => html`<option key=${level}
      value=${level} selected=${level === (session.level || '')}>${levelName(level)}</option>`)}</select></label>
    <label class="field"><span>${t('session.graduation_year')}</span><input name="graduation_year" type="number" min="2000" max="2100" disabled=${disabled}
      defaultValue=${session.graduation_year || ''} /></label>
    <label class="field"><span>${t('session.batch_name')}</span><input name="batch_name" maxlength="60" autocomplete="off" disabled=${disabled} defaultValue=${session.batch_name} /></label>
    <label class="field"><span>${t('session.opens')}</span><input type="datetime-local" name="opens" required disabled=${disabled} defaultValue=${local(session.opens)} /></label>
    <label class="field"><span>${t('session.closes')}</span><input type="datetime-local" name="closes" required disabled=${disabled} defaultValue=${local(session.closes)} /></label>`;
}

/** What the fields say, as the API takes it. */
export function fieldsOf(form) {
  const all = Object.fromEntries(new FormData(form));
  return { name: all.name.trim(), level: all.level, graduation_year: Number(all.graduation_year || 0), batch_name: all.batch_name.trim(),
    opens: new Date(all.opens).toISOString(), closes: new Date(all.closes).toISOString() };
}

export function SessionCard({ session, onSaved }) {
  const [state, setState] = useState({});
  const disabled = !has('administrator');
  const submit = async (event) => {
    event.preventDefault();
    const fields = fieldsOf(event.target);
    setState({ busy: true });
    try {
      await patch(`/api/v1/console/sessions/${session.id}`, { version: session.version, ...fields });
      setState({});
      notify('ok', t('session.changed'));
      onSaved();
    } catch (problem) {
      setState({ problem });
    }
  };
  const poster = (words) => `/api/v1/console/sessions/${session.id}/poster?language=${words}`;
  return html`<section class="card"><h2>${t('session.about')}</h2>
    <form onSubmit=${submit}><div class="grid-2"><${SessionFields} session=${session} disabled=${disabled} /></div>
      <${ProblemBox} problem=${state.problem} />
      ${!disabled && html`<div class="row"><button type="submit" class="primary" disabled=${state.busy}>${t('act.save')}</button></div>`}</form>
    <h3 class="apart">${t('session.poster')}</h3><p class="muted small">${t('session.poster_about')}</p>
    <div class="row"><a class="button" href=${poster('zh')} download>${t('session.poster_zh')}</a>
      <a class="button" href=${poster('en')} download>${t('session.poster_en')}</a></div></section>`;
}
