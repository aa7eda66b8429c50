// submit — where the prints go, confirm twice, pay.
import { get, post, put } from '../shared/api.js';
import { money, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useInterval, useRef, useState } from '../shared/view.js';
import { Photo, Screen } from './parts.js';
import { reloadSubmission, submission } from './student.js';

function Address({ now, onDone }) {
  const form = useRef();
  const [problem, setProblem] = useState(null);
  const save = async (event) => {
    event.preventDefault();
    try {
      await put(`/api/v1/submissions/${now.id}/address`, Object.fromEntries(new FormData(form.current)));
      await reloadSubmission();
      onDone();
    } catch (failure) {
      setProblem(failure);
    }
  };
  return html`<form ref=${form} onSubmit=${save}><p class="lead">${t('student.address_text')}</p>
    <label class="field"><span>${t('student.name')}</span><input name="name" required maxlength="60" autocomplete="name" /></label>
    <label class="field"><span>${t('student.phone')}</span><input name="phone" required maxlength="20" inputmode="tel"
      autocomplete="tel" pattern="[0-9+ \\-]{5,20}" /></label>
    <label class="field"><span>${t('student.address')}</span><textarea name="text" required minlength="5" maxlength="200" rows="3"
      autocomplete="street-address"></textarea></label>
    <${ProblemBox} problem=${problem} /><button type="submit" class="primary big">${t('act.next')}</button></form>`;
}

function Summary({ summary }) {
  const rows = { name: summary.name_masked, student_no: summary.student_no, school: summary.school, session: summary.session_name,
    delivery: ['chsi', 'print', 'mail'].filter((kind) => (kind === 'mail' ? summary.deliver_mail !== 'none' : summary[`deliver_${kind}`])).map((kind) => t(`delivery.${kind}`)).join(t('list.comma')),
    price: summary.payment === 'none' || summary.price_fen === 0 ? t('student.free') : money(summary.price_fen) };
  return html`<dl class="facts">${Object.entries(rows).filter(([, value]) => value).map(([name, value]) => html`<div key=${name}>
    <dt>${t(`summary.${name}`)}</dt><dd>${value}</dd></div>`)}</dl>`;
}

export function Confirm({ now, session, back }) {
  const [step, setStep] = useState(session?.policy.deliver_mail === 'student' ? 'address' : 'start');
  const [first, setFirst] = useState(null);
  const [sure, setSure] = useState(false);
  const [state, setState] = useState({});
  const ask = async (body, then) => {
    setState({ busy: true });
    try {
      then(await post(`/api/v1/submissions/${now.id}/confirm`, { version: submission.value.version, ...body }));
      setState({});
    } catch (problem) {
      setState({ problem });
      if (problem.code === 'stale')
        reloadSubmission();
    }
  };
  return html`<${Screen} title=${t('student.confirm')} back=${back}>
    ${step === 'address' ? html`<${Address} now=${now} onDone=${() => setStep('start')} />` : html`
      <${Photo} path=${`/api/v1/submissions/${now.id}/attempts/${now.attempt_id}/photo`} alt=${t('student.photo_alt')} />
      ${first && html`<${Summary} summary=${first.summary} />
        <label class="tick"><input type="checkbox" name="sure" checked=${sure}
          onChange=${(event) => setSure(event.target.checked)} /><span>${t('student.sure')}</span></label>`}
      <${ProblemBox} problem=${state.problem} />
      ${!first ? html`<button type="button" class="primary big" disabled=${state.busy}
        onClick=${() => ask({ step: 1 }, setFirst)}>${t('student.confirm_one')}</button>`
        : html`<button type="button" class="primary big" disabled=${state.busy || !sure}
          onClick=${() => ask({ step: 2, token: first.token }, (answer) => { submission.set(answer); back(); })}>${t('student.confirm_two')}</button>`}`}<//>`;
}

export function Pay({ now, back }) {
  const [order, setOrder] = useState(null);
  const [problem, setProblem] = useState(null);
  const start = () => { setProblem(null); post(`/api/v1/submissions/${now.id}/payment`).then(setOrder, setProblem); };
  const look = async () => {
    const state = await get(`/api/v1/submissions/${now.id}/payment`).catch(() => null);
    if (state?.state === 'paid') {
      await reloadSubmission();
      back();
    }
  };
  useInterval(look, order ? 2000 : 0);
  const address = /^https?:\/\//.test(order?.prepay?.pay_url || '') ? order.prepay.pay_url : null;
  return html`<${Screen} title=${t('student.pay')} back=${back}>
    <p class="price num">${money(order?.amount_fen ?? now.price_fen)}</p><p class="lead">${t('student.pay_text')}</p>
    <${ProblemBox} problem=${problem} />
    ${!order ? html`<button type="button" class="primary big" onClick=${start}>${t('student.pay_do')}</button>`
      : html`<div class="stack">${address && html`<a
        class="button primary big" href=${address} target="_blank" rel="noopener noreferrer">${t('student.pay_open')}</a>`}
        <button type="button" class="big" onClick=${look}>${t('student.paid')}</button></div><p
          class="muted" role="status">${t('student.pay_wait')}</p>`}<//>`;
}
