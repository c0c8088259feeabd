/**
 * The `Authorization` header for a URL's userinfo, or for the credentials that win over it; undefined when
 * there are neither.
 */
export function basicAuth(
  url: URL,
  credentials: { readonly username?: string; readonly password?: string } = {},
): string | undefined {
  const username = credentials.username ?? decodeLeniently(url.username);
  const password = credentials.password ?? decodeLeniently(url.password);
  if (username === "" && password === "") return undefined;
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** A lone `%` in a password is common, and then stands for itself. */
function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
