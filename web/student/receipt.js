// receipt — handed in: the number, what happens next and when, to keep as a picture or on paper.
import { dateTime, language, t } from '../shared/i18n.js';
import { complain } from '../shared/notices.js';
import { saveBlob } from '../shared/save.js';
import { html, useEffect, useState, useValue } from '../shared/view.js';
import { Icon } from './icons.js';
import { Screen, inWeChat } from './parts.js';
import { Facts } from './pieces.js';
import { estimateText } from './progress.js';
import { goInstead } from './route.js';
import { session, student, submission } from './student.js';

const rowsOf = (now) => [
  [t('student.number'), now.code], [t('summary.name'), student.value.name_masked], [t('summary.school'), session.value.school],
  [t('summary.session'), session.value.name], [t('student.sent_at'), dateTime(now.submitted)], [t('student.due_at'), now.due ? dateTime(now.due) : ''],
].filter(([, value]) => value);

/** The same as a picture, drawn here: nothing is asked of the server. */
function draw(now) {
  const rows = rowsOf(now);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [750, 330 + rows.length * 74];
  const pen = canvas.getContext('2d');
  const font = getComputedStyle(document.body).fontFamily;
  const write = (text, x, y, size, colour, weight = 400) => { pen.font = `${weight} ${size}px ${font}`; pen.fillStyle = colour; pen.fillText(text, x, y, 750 - x - 40); };
  pen.fillStyle = '#ffffff';
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = '#067a3e';
  pen.fillRect(0, 0, canvas.width, 150);
  write(t('student.app'), 48, 64, 30, '#ffffff');
  write(t('student.receipt'), 48, 118, 42, '#ffffff', 600);
  rows.forEach(([label, value], i) => { write(label, 48, 218 + i * 74, 28, '#5a6168'); write(value, 260, 218 + i * 74, 32, '#191b1e', i === 0 ? 700 : 400); });
  write(t('student.receipt_foot'), 48, canvas.height - 52, 26, '#5a6168');
  return new Promise((done) => { canvas.toBlob(done, 'image/png'); });
}

export function Receipt() {
  useValue(language);
  const now = useValue(submission);
  const [picture, setPicture] = useState('');
  useEffect(() => { if (['retake', 'student_confirm', 'closed'].includes(now.state)) goInstead('home'); }, [now.state]); /* there is news */
  const save = async () => {
    const blob = await draw(now);
    if (inWeChat())
      setPicture(URL.createObjectURL(blob));
    else
      saveBlob(blob, `${now.code}.png`);
  };
  return html`<${Screen} title=${t('student.receipt')} back=${() => goInstead('home')}>
    <section class="sent"><span class="sent-mark" aria-hidden="true"><${Icon} name="done" /></span>
      <p class="sent-number"><span class="muted">${t('student.number')}</span><strong class="num">${now.code}</strong></p></section>
    <div class="card"><${Facts} rows=${rowsOf(now).slice(1)} /></div>
    <h2>${t('student.next_steps')}</h2>
    <ol class="tips card"><li>${estimateText(now) || t('student.next.review')}</li><li>${t('student.next.told')}</li><li>${t('student.next.free')}</li></ol>
    ${picture && html`<figure class="keep"><img src=${picture} alt=${t('student.receipt')} /><figcaption>${t('student.press_long')}</figcaption></figure>`}
    <div class="stack no-print"><button type="button" class="primary big" onClick=${() => goInstead('home')}>${t('student.see_progress')}</button>
      <button type="button" class="big" onClick=${() => save().catch(complain)}>${t('student.save_receipt')}</button>
      ${!inWeChat() && html`<button type="button" class="big" onClick=${() => print()}>${t('student.print')}</button>`}</div><//>`;
}
