// approve — the photo passed: the student looks at it, keeps it, and lets it go on, or says what is wrong.
import { Ask } from '../shared/dialog.js';
import { dateTime, t } from '../shared/i18n.js';
import { complain } from '../shared/notices.js';
import { html, useState, useValue } from '../shared/view.js';
import { Screen } from './parts.js';
import { Photo, savePhoto } from './pieces.js';
import { goInstead } from './route.js';
import { act, session, submission } from './student.js';

const NOTE = () => [{ name: 'note', label: t('field.note'), lines: 3, max: 500, required: true }];

export function Approve() {
  const now = useValue(submission);
  const [asking, setAsking] = useState(null);
  const path = `/api/v1/submissions/${now.id}/photo`;
  const send = (event) => async (more) => { await act(event, more); goInstead('home'); };
  return html`<${Screen} title=${t('student.approve')} lead=${t('student.approve_text')}>
    <${Photo} path=${path} alt=${t('student.photo_alt')} big />
    ${now.deadline && html`<p class="hint">${t('student.approve_until', { time: dateTime(now.deadline) })}</p>`}
    <div class="stack">
      ${now.allowed.includes('accept') && html`<button type="button" class="primary big" onClick=${() => setAsking('accept')}>${t('student.approve_yes')}</button>`}
      ${session.value.policy.download_photo && html`<button type="button" class="big" onClick=${() => savePhoto(path, `${now.code}.jpg`).catch(complain)}>${t('student.download')}</button>`}
      ${now.allowed.includes('object') && html`<button type="button" class="big" onClick=${() => setAsking('object')}>${t('student.approve_no')}</button>`}</div>
    ${asking && html`<${Ask} title=${t(asking === 'accept' ? 'student.approve_yes' : 'student.approve_no')} text=${t(`student.ask.${asking}`)} label=${t(asking === 'accept' ? 'student.approve_yes' : 'act.send')}
      fields=${asking === 'object' ? NOTE() : []} run=${send(asking)} onClose=${() => setAsking(null)} />`}<//>`;
}
