// idcard — who I am: pictures of the ID card, what was read from them to confirm or correct, what became of it. Other documents
// are typed.
import * as server from '../shared/client.js';
import { pick, t } from '../shared/i18n.js';
import { ProblemBox } from '../shared/notices.js';
import { html, useEffect, useState, useValue } from '../shared/view.js';
import { CardChoose } from './capture/choose.js';
import { useDraft } from './draft.js';
import { CardFrame } from './drawings.js';
import { Field, Form, Screen, Sending, Working, useTask } from './parts.js';
import { Facts, readingPause, untilRead } from './pieces.js';
import { go, goInstead } from './route.js';
import { refresh, session, student } from './student.js';
import { upload } from './upload.js';

const DOCUMENTS = ['resident', 'hk_macau_permit', 'taiwan_permit', 'residence_permit', 'foreigner_permit', 'passport'];
const sidesOf = (policy) => (policy.identity_method === 'id_card_both' ? ['portrait', 'emblem'] : ['portrait']);

/** Until the picture is read: the card, or what is wrong with the picture as a Problem. */
async function read(id) {
  const card = await untilRead(() => server.idCardShow(id));
  if (card.state !== 'processing')
    return card;
  throw Object.assign(new Error('late'), { code: 'late', title: t('card.late'), fix: t('card.late_fix') });
}

function Take({ side, form: [, set], policy }) {
  const [reading, setReading] = useState(false);
  const [state, take] = useTask(async (file, source, onProgress) => {
    const upload_id = await upload(file, 'id_card', source, onProgress);
    setReading(true);
    try {
      const card = await read((await server.idCardAdd({ upload_id, side })).id);
      if (card.state !== 'read' && card.problem?.code !== 'validity_unread') // the side was seen: the server takes it
        throw Object.assign(new Error(card.state), { code: card.problem?.code || card.state, title: pick(card.problem) || t(`card.${card.state}`) });
      set(side, card.id);
      if (card.name)
        set('name', card.name);
      if (card.id_number)
        set('id_number', card.id_number);
      if (card.valid_until)
        set('valid_until', card.valid_until);
    } finally {
      setReading(false);
    }
  });
  return html`<p class="lead">${t(`card.take.${side}`)}</p><${CardFrame} side=${side} />
    ${reading ? html`<${Working} text=${t('card.reading')} />` : html`<${Sending} share=${state.share} /><${ProblemBox} problem=${state.problem} />
      <${CardChoose} side=${side} camera=${t('student.take_card')} album=${t('student.from_album')} busy=${state.busy} onFile=${(blob, mode) => take(blob, mode)} />`}
    <div class="stack"><button type="button" class="quiet link" onClick=${() => set('typed', true)}>${t(policy.identity_method === 'id_card' || side === 'portrait' ? 'card.other' : 'card.type')} <span aria-hidden="true">›</span></button></div>`;
}

function Check({ form, sides }) {
  const [values, set, drop] = form;
  const pictures = sides.map((side) => values[side]).filter(Boolean);
  const [state, save] = useTask(async () => {
    const answer = await server.identitySet({
      name: (values.name || '').trim(), id_number: (values.id_number || '').trim(), document_type: values.document_type || 'resident',
      ...(pictures.length > 0 ? { id_card_ids: pictures } : {}), session_code: session.value.code,
    });
    drop();
    await refresh();
    if (answer.state === 'confirmed')
      goInstead('link');
  });
  const gone = state.problem?.status === 404;
  return html`<${Form} state=${state} label=${t('card.right')} onSubmit=${save}>
    ${pictures.length > 0 ? html`<p class="lead">${t('card.check')}</p>` : html`<label class="field"><span>${t('card.document')}</span>
      <select name="document_type" value=${values.document_type || 'resident'} onChange=${(event) => set('document_type', event.target.value)}>
        ${DOCUMENTS.map((one) => html`<option key=${one} value=${one}>${t(`document.${one}`)}</option>`)}</select></label>`}
    <${Field} form=${form} name="name" label=${t('student.name')} required maxlength="60" autocomplete="name" />
    <${Field} form=${form} name="id_number" label=${t('student.id_number')} required minlength="5" maxlength="24" />
    ${values.valid_until && html`<div class="card"><${Facts} rows=${[[t('card.valid_until'), values.valid_until === 'long' ? t('card.long') : values.valid_until]]} /></div>`}<//>
    <div class="stack"><button type="button" class="big" onClick=${() => { for (const side of sides) set(side, ''); set('typed', false); }}>${t(gone || pictures.length > 0 ? 'card.again' : 'card.picture')}</button></div>`;
}

/** The real-name service answers in its own time. */
function Checking() {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const timer = setTimeout(() => refresh().catch(() => {}).then(() => setTurn(turn + 1)), readingPause(turn) * (turn > 20 ? 10 : 1));
    return () => clearTimeout(timer);
  }, [turn]);
  return html`<${Working} text=${t('card.checking')} />`;
}

export function IdCard() {
  const { identity } = useValue(student);
  const { policy } = session.value;
  const form = useDraft('id-card', {});
  const [again, setAgain] = useState(false);
  const sides = sidesOf(policy);
  const missing = form[0].typed ? undefined : sides.find((side) => !form[0][side]);
  useEffect(() => { if (identity.state === 'refused') setAgain(false); }, [identity.decided]);
  const refused = identity.state === 'refused' && !again;
  return html`<${Screen} title=${t('card.title')} wrong=${refused}>
    ${identity.state === 'checking' ? html`<${Checking} />`
      : identity.state === 'confirmed' ? html`<div class="card"><${Facts} rows=${[[t('student.name'), identity.name_masked], [t('student.id_number'), identity.id_number_masked]]} /></div>
          <button type="button" class="primary big" onClick=${() => goInstead('link')}>${t('student.next')}</button>`
        : refused ? html`<div class="problem" role="alert"><strong>${pick(identity.problem) || t('card.refused')}</strong></div>
            <div class="stack"><button type="button" class="primary big" onClick=${() => setAgain(true)}>${t('card.correct')}</button>
              <button type="button" class="big" onClick=${() => go('messages')}>${t('student.ask_service')}</button></div>`
          : missing ? html`<${Take} key=${missing} side=${missing} form=${form} policy=${policy} />`
            : html`<${Check} form=${form} sides=${sides} />`}<//>`;
}
