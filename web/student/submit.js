// submit — where the prints go, then confirmed twice: what will be handed in is read out, ticked, sent.
import * as server from '../shared/client.js';
import { money, t } from '../shared/i18n.js';
import { html, useState, useValue } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Facts, Field, Form, Photo, Screen, useTask } from './parts.js';
import { goBack, goInstead } from './route.js';
import { reloadSubmission, session, submission, take } from './student.js';

function Address({ now, onDone }) {
  const form = useDraft('address', { name: '', phone: '', text: '' });
  const [state, save] = useTask(async () => {
    await server.addressSet(now.id, form[0]);
    await reloadSubmission();
    onDone();
  });
  return html`<p class="lead">${t('student.address_text')}</p><${Form} state=${state} label=${t('student.next')} onSubmit=${save}>
    <${Field} form=${form} name="name" label=${t('student.receiver')} required maxlength="60" autocomplete="name" />
    <${Field} form=${form} name="phone" label=${t('student.phone')} required maxlength="20" type="tel" inputmode="tel" autocomplete="tel" pattern="[0-9+ \\-]{5,20}" />
    <${Field} form=${form} name="text" label=${t('student.address')} hint=${t('student.address_hint')} lines="3" required minlength="5" maxlength="200" autocomplete="street-address" /><//>`;
}

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
  const needsAddress = session.value.policy.deliver_mail === 'student';
  const [step, setStep] = useState(needsAddress ? 'address' : 'look');
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
  const back = step === 'sure' ? () => setStep('look') : step === 'look' && needsAddress ? () => setStep('address') : goBack;
  return html`<${Screen} title=${t('student.confirm')} back=${back}>
    ${step === 'address' && html`<${Address} now=${now} onDone=${() => setStep('look')} />`}
    ${step !== 'address' && html`<${Photo} path=${`/api/v1/submissions/${now.id}/attempts/${now.attempt_id}/photo`} alt=${t('student.photo_alt')} big=${step === 'look'} />`}
    ${step === 'look' && html`<${Form} state=${looking} label=${t('student.confirm_one')} onSubmit=${look}>
      <p class="lead">${t('student.confirm_look')}</p>
      <button type="button" class="quiet link" onClick=${() => goInstead('photo')}>${t('student.confirm_change')} <span aria-hidden="true">›</span></button><//>`}
    ${step === 'sure' && html`<${Form} state=${sending} label=${t('student.confirm_two')} off=${!sure} onSubmit=${send}>
      <${Summary} summary=${first.summary} />
      <label class="tick cells"><input type="checkbox" name="sure" checked=${sure} onChange=${(event) => setSure(event.target.checked)} /><span>${t('student.sure')}</span></label><//>`}<//>`;
}
