// keys — physical keys to actions. event.code, not event.key: a Chinese input method swallows letters (keyCode 229) but
// still says which key it was. Remapping needs no layout tables this way.
import { notify } from '../../shared/notices.js';
import { prefs } from '../../shared/prefs.js';
import { t } from '../../shared/i18n.js';
import { useEffect, useRef } from '../../shared/view.js';

const ACTIONS = {
  KeyA: 'approve', Enter: 'commit', NumpadEnter: 'commit', KeyE: 'escalate', KeyT: 'retouch', KeyS: 'skip', KeyU: 'undo',
  KeyN: 'note', KeyM: 'message', KeyZ: 'zoom', KeyG: 'guides', KeyB: 'before', KeyC: 'checks', KeyQ: 'queue',
  Escape: 'cancel', ArrowLeft: 'left', ArrowRight: 'right', ArrowUp: 'up', ArrowDown: 'down',
};
const MOVES = new Set(['left', 'right', 'up', 'down']);

/** The action of a key press, or '' when it is none of ours. */
export function actionOf(event) {
  if (event.isComposing)
    return '';
  if (event.code === 'KeyZ' && (event.ctrlKey || event.metaKey))
    return 'undo';
  if (event.ctrlKey || event.metaKey)
    return event.code === 'Enter' ? 'commit' : '';
  const mode = prefs.value.shortcuts;
  if (event.code === 'Slash' && event.shiftKey)
    return 'help';
  if (mode === 'off' && !['Escape', 'Enter'].includes(event.code) && !event.code.startsWith('Arrow'))
    return '';
  if (event.altKey !== (mode === 'alt') && !event.code.startsWith('Arrow') && !['Escape', 'Enter', 'NumpadEnter'].includes(event.code))
    return '';
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  return digit ? `digit${digit[1]}` : ACTIONS[event.code] || '';
}

let composed = 0;

/** Calls handle(action, event) for keys outside of fields; a held key acts once, except to move the picture. */
export function useKeys(handle) {
  const latest = useRef(handle);
  latest.current = handle;
  useEffect(() => {
    const press = (event) => {
      if (event.target.closest?.('dialog'))
        return;
      const editable = event.target.closest?.('input, textarea, select');
      if (event.keyCode === 229 && !editable && ++composed === 2)
        notify('info', t('review.ime'));
      const action = actionOf(event);
      if (!action || (event.repeat && !MOVES.has(action)))
        return;
      if (editable && action !== 'cancel' && !(action === 'commit' && (event.ctrlKey || event.metaKey)))
        return;
      if (action === 'commit' && event.target.closest?.('button, a, summary') && !event.ctrlKey)
        return; /* Enter presses the button that has the focus */
      if (latest.current(action, event) !== false)
        event.preventDefault();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
}
