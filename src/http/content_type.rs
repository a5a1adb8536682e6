//! Media types by file extension, for the page and for a user's own directory.
//!
//! It stands at the end of an asset's way out: `build.rs` asks it while it makes the embedded
//! table (this file is compiled into the build script too), `public_dir` asks it per request.
//! The names are those of the IANA media type registry; text is UTF-8 (JavaScript modules:
//! RFC 9239).
//!
//! Invariant: every answer is a valid header value. Unknown extensions are
//! `application/octet-stream`, which together with `nosniff` downloads rather than runs.
//! Left out: looking into the content, and a media type database.

/// The `Content-Type` for a path or file name; the extension's case does not matter.
pub(crate) fn of(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some((_, extension)) = name.rsplit_once('.') else {
        return "application/octet-stream";
    };
    match extension.to_ascii_lowercase().as_str() {
        "html" | "htm" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" | "md" => "text/plain; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "vtt" => "text/vtt; charset=utf-8",
        "xml" => "application/xml",
        "svg" => "image/svg+xml",
        "ico" => "image/x-icon",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "ttf" => "font/ttf",
        "mp3" => "audio/mpeg",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        "m4a" => "audio/mp4",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        _ => "application/octet-stream",
    }
}

/// Whether a type from [`of`] is a page, which a browser opens with scripts of its own.
#[allow(
    dead_code,
    reason = "the build script compiles this file too and needs only the types"
)]
pub(crate) fn is_html(content_type: &str) -> bool {
    content_type.starts_with("text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_whatever_its_case() {
        assert_eq!(of("index.html"), "text/html; charset=utf-8");
        assert_eq!(of("a/b.c/Chat.JS"), "text/javascript; charset=utf-8");
        assert_eq!(of("favicon.svg"), "image/svg+xml");
    }

    #[test]
    fn an_unknown_or_missing_extension_is_plain_bytes() {
        assert_eq!(of("core.x1"), "application/octet-stream");
        assert_eq!(of("dir.html/README"), "application/octet-stream");
    }
}
