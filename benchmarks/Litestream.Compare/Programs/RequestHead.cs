using System.Globalization;

namespace Litestream.Compare.Programs;

/// <summary>The first line of an HTTP request to a store, and how long its body is.</summary>
internal sealed record RequestHead(string Method, string Target, long BodyLength)
{
    public string Path => Uri.UnescapeDataString(Target.Split('?')[0]);

    /// <summary>Whether its success means that an object is there.</summary>
    public bool Stores => (Method == "PUT" && !Target.Contains("partNumber=", StringComparison.Ordinal)) || (Method == "POST" && Target.Contains("uploadId=", StringComparison.Ordinal));

    public string Kind => Method == "GET" && (Target.Contains("prefix=", StringComparison.Ordinal) || Target.Contains("list-type=", StringComparison.Ordinal)) ? "LIST" : Method;

    public static RequestHead Parse(string text)
    {
        var lines = text.Split("\r\n");
        var first = lines[0].Split(' ');
        var length = lines.Select(line => line.Split(':', 2)).FirstOrDefault(parts => parts[0].Equals("Content-Length", StringComparison.OrdinalIgnoreCase));
        return lines.Any(line => line.StartsWith("Transfer-Encoding:", StringComparison.OrdinalIgnoreCase))
            ? throw new InvalidOperationException("A request without a length.")
            : new RequestHead(first[0], first[1], length is null ? 0 : long.Parse(length[1], CultureInfo.InvariantCulture));
    }
}
