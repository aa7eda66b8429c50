// submit — confirmed twice: what will be handed in is looked at, read out, ticked, sent.
import * as server from '../shared/client.js';
import { money, t } from '../shared/i18n.js';
import { html, useState, useValue } from '../shared/view.js';
import { Form, Screen, useTask } from './parts.js';
import { Facts, Photo } from './pieces.js';
import { go, goBack, goInstead } from './route.js';
import { reloadSubmission, session, submission, take } from './student.js';
import { delivers } from './tasks.js';

const deliveries = (summary) => ['chsi', 'print', 'mail']
  .filter((kind) => (kind === 'mail' ? summary.deliver_mail !== 'none' : summary[`deliver_${kind}`]))
  .map((kind) => t(`delivery.${kind}`)).join(t('list.comma'));

function Summary({ summary }) {
  const price = summary.payment === 'none' || summary.price_fen === 0 ? t('student.free') : money(summary.price_fen);
  return html`<div class="card"><${Facts} rows=${[[t('summary.name'), summary.name_masked], [t('summary.student_no'), summary.student_no], [t('summary.school'), summary.school],
    [t('summary.session'), summary.session_name], [t('summary.delivery'), deliveries(summary)], [t('summary.price'), price]]} /></div>`;
}

export function Confirm() {
  const now = useValue(submission);
  const [step, setStep] = useState('look');
  const [first, setFirst] = useState(null);
  const [sure, setSure] = useState(false);
  const ask = async (body) => {
    try {
      return await server.confirm(now.id, { version: submission.value.version, ...body });
    } catch (problem) {
      if (problem.code === 'stale')
        await reloadSubmission();
      throw problem;
    }
  };
  const [looking, look] = useTask(async () => { setFirst(await ask({ step: 1 })); setStep('sure'); });
  const [sending, send] = useTask(async () => {
    const { state } = take(await ask({ step: 2, token: first.token }));
    goInstead(state === 'awaiting_payment' ? 'pay' : 'receipt');
  });
  const back = step === 'sure' ? () => setStep('look') : goBack;
  return html`<${Screen} title=${t('student.confirm')} back=${back}>
    <${Photo} path=${`/api/v1/submissions/${now.id}/attempts/${now.attempt_id}/photo`} alt=${t('student.photo_alt')} big=${step === 'look'} />
    ${step === 'look' && html`<${Form} state=${looking} label=${t('student.confirm_one')} onSubmit=${look}>
      <p class="lead">${t('student.confirm_look')}</p>
      <button type="button" class="quiet link" onClick=${() => goInstead('photo')}>${t('student.confirm_change')} <span aria-hidden="true">›</span></button><//>`}
    ${step === 'sure' && html`<${Form} state=${sending} label=${t('student.confirm_two')} off=${!sure} onSubmit=${send}>
      <${Summary} summary=${first.summary} />
      ${delivers(session.value.policy) && html`<button type="button" class="quiet link" onClick=${() => go('delivery')}>${t('student.confirm_delivery')} <span aria-hidden="true">›</span></button>`}
      <button type="button" class="quiet link" onClick=${() => go('messages')}>${t('student.confirm_wrong')} <span aria-hidden="true">›</span></button>
      <label class="tick cells"><input type="checkbox" name="sure" checked=${sure} onChange=${(event) => setSure(event.target.checked)} /><span>${t('student.sure')}</span></label><//>`}<//>`;
}
