/* dom: elements as plain values, and the patch that makes the document equal to them.
 *
 * A screen draws itself whole, again and again. The patch touches changed parts alone, so focus,
 * selection and scroll positions stay. Styles go through the CSSOM: the Content-Security-Policy
 * forbids style attributes. */

const SVG = 'http://www.w3.org/2000/svg';
const SVG_TAGS = new Set(['svg', 'path', 'rect', 'line', 'circle', 'g', 'title']);

/* Properties of an element that an attribute does not set once the user has touched it. */
const LIVE = new Set(['value', 'checked', 'disabled', 'open', 'selected']);

/** One element. Props: attributes, `on...` handlers, `vars` (CSS variables), `key`, and `mount`, called once with the
 *  new element, whose children are then its own; its result is called when the element goes. */
export function h(tag, props, ...children) {
    return { tag, props: props || {}, children: flat(children) };
}

function flat(children) {
    const out = [];
    for (const child of children.flat(Infinity)) {
        if (child !== null && child !== undefined && child !== false)
            out.push(typeof child === 'object' ? child : String(child));
    }
    return out;
}

/** Makes the children of `parent` equal to `wanted`. */
export function patch(parent, wanted) {
    const old = [...parent.childNodes];
    const keyed = new Map(old.filter((node) => node.vnode?.props.key !== undefined).map((n) => [keyOf(n.vnode), n]));
    const kept = new Set();
    const spare = old.filter((node) => node.vnode?.props.key === undefined);
    let place = parent.firstChild;
    for (const vnode of flat([wanted])) {
        let node = vnode.props?.key !== undefined ? keyed.get(keyOf(vnode)) : firstFit(spare, vnode);
        if (node && !kept.has(node)) update(node, vnode);
        else node = create(vnode);
        kept.add(node);
        if (node === place) place = place.nextSibling;
        else parent.insertBefore(node, place);
    }
    for (const node of old) {
        if (!kept.has(node)) remove(node);
    }
}

function keyOf(vnode) {
    return `${vnode.tag} ${vnode.props.key}`;
}

/* The first unused node of the same kind. Nodes before it are given up: their places have passed. */
function firstFit(spare, vnode) {
    const at = spare.findIndex((node) => fits(node, vnode));
    return at < 0 ? null : spare.splice(0, at + 1)[at];
}

function fits(node, vnode) {
    return typeof vnode === 'string' ? node.nodeType === Node.TEXT_NODE : node.vnode?.tag === vnode.tag;
}

function create(vnode) {
    if (typeof vnode === 'string') return document.createTextNode(vnode);
    const svg = SVG_TAGS.has(vnode.tag);
    const el = svg ? document.createElementNS(SVG, vnode.tag) : document.createElement(vnode.tag);
    el.vnode = { tag: vnode.tag, props: {} };
    update(el, vnode);
    if (vnode.props.mount) el.unmount = vnode.props.mount(el);
    return el;
}

function update(node, vnode) {
    if (typeof vnode === 'string') {
        if (node.nodeValue !== vnode) node.nodeValue = vnode;
        return;
    }
    if (node.vnode === vnode) return; /* kept by its maker, as nothing of it has changed */
    const before = node.vnode.props;
    for (const name of Object.keys(before)) {
        if (!(name in vnode.props)) setProp(node, name, undefined, before[name]);
    }
    /* A select takes its value after its options. */
    if (!vnode.props.mount) patch(node, vnode.children);
    for (const [name, value] of Object.entries(vnode.props)) setProp(node, name, value, before[name]);
    node.vnode = vnode;
}

function setProp(node, name, value, before) {
    if (name === 'key' || name === 'mount') return;
    if (name === 'vars') return setVars(node, value || {}, before || {});
    if (value === before) return;
    if (name.startsWith('on')) node[name] = value || null;
    else if (LIVE.has(name) && name in node) node[name] = value ?? (typeof node[name] === 'boolean' ? false : '');
    else if (value === false || value === null || value === undefined) node.removeAttribute(name);
    else node.setAttribute(name, value === true ? '' : value);
}

function setVars(node, vars, before) {
    for (const [name, value] of Object.entries(vars)) {
        if (value !== before[name]) node.style.setProperty(name, value);
    }
}

function remove(node) {
    for (const el of [node, ...(node.querySelectorAll?.('*') || [])]) el.unmount?.();
    node.remove();
}
