/** What the outcome of a test must not depend on; processes that it starts inherit the umask. */
process.umask(0o022);
process.env.TZ = "UTC";
