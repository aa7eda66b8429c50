// submit — where the prints go, then confirmed twice: what will be handed in is read out, ticked, sent.
import * as server from '../shared/client.js';
import { money, t } from '../shared/i18n.js';
import { html, useState, useValue } from '../shared/view.js';
import { useDraft } from './draft.js';
import { Field, Form, Screen, useTask } from './parts.js';
import { Choice, Facts, Photo } from './pieces.js';
import { goBack, goInstead } from './route.js';
import { reloadSubmission, session, submission, take } from './student.js';

const LAYOUTS = ['one_inch', 'two_inch'];

/** Which prints, and where they go. */
function Delivery({ now, policy, onDone }) {
  const form = useDraft('address', { name: '', phone: '', text: '', layout: now.print_layout || 'two_inch' });
  const [values, set] = form;
  const [state, save] = useTask(async () => {
    if (policy.print_layout === 'student' && policy.deliver_print)
      await server.layoutSet(now.id, { layout: values.layout });
    if (policy.deliver_mail === 'student')
      await server.addressSet(now.id, { name: values.name, phone: values.phone, text: values.text });
    await reloadSubmission();
    onDone();
  });
  return html`<${Form} state=${state} label=${t('student.next')} onSubmit=${save}>
    ${policy.print_layout === 'student' && policy.deliver_print && html`<p class="lead">${t('student.layout_text')}</p>
      <${Choice} name="layout" value=${values.layout} onChange=${(layout) => set('layout', layout)} options=${LAYOUTS.map((value) => ({ value, label: t(`layout.${value}`), note: t(`layout.${value}.note`) }))} />`}
    ${policy.deliver_mail === 'student' && html`<p class="lead">${t('student.address_text')}</p>
    <${Field} form=${form} name="name" label=${t('student.receiver')} required maxlength="60" autocomplete="name" />
    <${Field} form=${form} name="phone" label=${t('student.phone')} required maxlength="20" type="tel" inputmode="tel" autocomplete="tel" pattern="[0-9+ \\-]{5,20}" />
    <${Field} form=${form} name="text" label=${t('student.address')} hint=${t('student.address_hint')} lines="3" required minlength="5" maxlength="200" autocomplete="street-address" />`}<//>`;
}

const needsDelivery = (policy) => policy.deliver_mail === 'student' || (policy.deliver_print && policy.print_layout === 'student');

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
  const { policy } = session.value;
  const [step, setStep] = useState(needsDelivery(policy) ? 'delivery' : 'look');
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
  const back = step === 'sure' ? () => setStep('look') : step === 'look' && needsDelivery(policy) ? () => setStep('delivery') : goBack;
  return html`<${Screen} title=${t('student.confirm')} back=${back}>
    ${step === 'delivery' && html`<${Delivery} now=${now} policy=${policy} onDone=${() => setStep('look')} />`}
    ${step !== 'delivery' && html`<${Photo} path=${`/api/v1/submissions/${now.id}/attempts/${now.attempt_id}/photo`} alt=${t('student.photo_alt')} big=${step === 'look'} />`}
    ${step === 'look' && html`<${Form} state=${looking} label=${t('student.confirm_one')} onSubmit=${look}>
      <p class="lead">${t('student.confirm_look')}</p>
      <button type="button" class="quiet link" onClick=${() => goInstead('photo')}>${t('student.confirm_change')} <span aria-hidden="true">›</span></button><//>`}
    ${step === 'sure' && html`<${Form} state=${sending} label=${t('student.confirm_two')} off=${!sure} onSubmit=${send}>
      <${Summary} summary=${first.summary} />
      <label class="tick cells"><input type="checkbox" name="sure" checked=${sure} onChange=${(event) => setSure(event.target.checked)} /><span>${t('student.sure')}</span></label><//>`}<//>`;
}
