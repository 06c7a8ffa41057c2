using System.Security.Cryptography;
using System.Text;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>The page: one document with its style and script in it, which loads nothing from anywhere. The same for everybody.</summary>
internal static class PageContent
{
    private static readonly string Style = Read("page.css");
    private static readonly string Script = Read("page.js");

    /// <summary>What is sent.</summary>
    public static byte[] Html { get; } = Encoding.UTF8.GetBytes(
        Read("page.html").Replace("/*style*/", Style, StringComparison.Ordinal).Replace("/*script*/", Script, StringComparison.Ordinal));

    /// <summary>Only this style and this script, and requests to where the page came from. The script makes no markup out of text.</summary>
    public static string SecurityPolicy { get; } =
        $"default-src 'none'; script-src '{Hash(Script)}'; style-src '{Hash(Style)}'; connect-src 'self'; img-src data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private static string Hash(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(PageContent).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
