/** The script that a clinic puts on its own site. Its digest stands there beside it: a changed file is a new number (public/). */
export const widget = {
  path: '/widget-1.js',
  integrity: 'sha384-O6Exo+qjh2C5uus1VKJ1Dxfg8iQSRl5tMYVu+hz5EcHniw+Qw0sOXgYT9/fO7Dwd',
}

/** One line for the clinic's own page, with the clinic's key: out of reach of whoever runs the server. */
export const widgetLine = ({
  origin,
  slug,
  rootFingerprint,
}: {
  origin: string
  slug: string
  rootFingerprint: string
}) =>
  `<script async src="${origin}${widget.path}" integrity="${widget.integrity}" crossorigin="anonymous" data-clinic="${slug}" data-key="${rootFingerprint}"></script>`
