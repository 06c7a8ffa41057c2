using System.Security.Cryptography;
using System.Text;

namespace Litestream.S3;

/// <summary>Verifies AWS's signature, version 4, from the bytes on the wire.</summary>
internal static class Signature
{
    /// <summary>The error code a store would answer with; null if all is well.</summary>
    public static string? Problem(WireRequest request, string accessKeyId, string secretAccessKey)
    {
        // AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/s3/aws4_request, SignedHeaders=a;b, Signature=HEX
        if (!request.Headers.TryGetValue("authorization", out var authorization)
            || !authorization.StartsWith("AWS4-HMAC-SHA256 ", StringComparison.Ordinal))
        {
            return "AccessDenied";
        }

        var fields = authorization["AWS4-HMAC-SHA256 ".Length..].Split(',', StringSplitOptions.TrimEntries)
            .Select(field => field.Split('=', 2)).ToDictionary(field => field[0], field => field[1], StringComparer.Ordinal);
        var scope = fields["Credential"].Split('/', 2);
        if (scope[0] != accessKeyId)
        {
            return "InvalidAccessKeyId";
        }

        var hash = request.Headers["x-amz-content-sha256"];
        if (hash != Convert.ToHexStringLower(SHA256.HashData(request.Body)))
        {
            return "XAmzContentSHA256Mismatch";
        }

        var signed = fields["SignedHeaders"].Split(';');
        var query = string.Join('&', request.RawQuery.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Contains('=', StringComparison.Ordinal) ? pair : pair + "=").Order(StringComparer.Ordinal));
        var canonical = string.Join('\n',
        [
            request.Method, request.RawPath, query, .. signed.Select(name => $"{name}:{request.Headers.GetValueOrDefault(name, "").Trim()}"),
            "", fields["SignedHeaders"], hash,
        ]);
        var text = string.Join('\n', "AWS4-HMAC-SHA256", request.Headers["x-amz-date"], scope[1], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
        var key = scope[1].Split('/').Aggregate(Encoding.UTF8.GetBytes("AWS4" + secretAccessKey), (k, part) => HMACSHA256.HashData(k, Encoding.UTF8.GetBytes(part)));
        return fields["Signature"] == Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text))) ? null : "SignatureDoesNotMatch";
    }
}
