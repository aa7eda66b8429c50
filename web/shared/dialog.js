// dialog — a question that must be answered before going on. Focus goes in and comes back by itself (<dialog>).
import { html, useEffect, useRef, useState } from './view.js';
import { t } from './i18n.js';
import { ProblemBox } from './notices.js';

export function Dialog({ title, onClose, children, wide }) {
  const box = useRef();
  useEffect(() => {
    const before = document.activeElement;
    box.current.showModal();
    return () => before?.isConnected && before.focus();
  }, []);
  return html`<dialog ref=${box} class=${wide ? 'wide' : ''} aria-label=${title}
      onCancel=${(event) => { event.preventDefault(); onClose(); }}
      onKeyDown=${(event) => event.stopPropagation()}>
    <header><h2>${title}</h2>
      <button type="button" class="quiet icon" aria-label=${t('act.close')} onClick=${onClose}>×</button></header>
    ${children}
  </dialog>`;
}

/** Asks, then does. `run(fields)` may throw a Problem, which is shown and leaves the dialog open. */
export function Ask({ title, text, label, danger, fields = [], run, onClose }) {
  const [values, setValues] = useState(() => Object.fromEntries(fields.map((field) => [field.name, field.value || ''])));
  const [state, setState] = useState({});
  const submit = async (event) => {
    event.preventDefault();
    setState({ busy: true });
    try {
      await run(values);
      onClose();
    } catch (problem) {
      setState({ problem });
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form onSubmit=${submit}>
      ${text && html`<p>${text}</p>`}
      ${fields.map((field) => html`<label class="field" key=${field.name}>
        <span>${field.label}</span>
        ${field.lines
          ? html`<textarea name=${field.name} rows=${field.lines} maxlength=${field.max} required=${field.required}
            value=${values[field.name]}
              onInput=${(event) => setValues({ ...values, [field.name]: event.target.value })}></textarea>`
          : html`<input name=${field.name} type=${field.type || 'text'} maxlength=${field.max} required=${field.required}
            autocomplete="off" value=${values[field.name]}
              onInput=${(event) => setValues({ ...values, [field.name]: event.target.value })} />`}
        ${field.hint && html`<small>${field.hint}</small>`}
      </label>`)}
      <${ProblemBox} problem=${state.problem} />
      <footer>
        <button type="button" onClick=${onClose}>${t('act.cancel')}</button>
        <button type="submit" class=${danger ? 'danger' : 'primary'} disabled=${state.busy}>${label}</button>
      </footer>
    </form>
  <//>`;
}
