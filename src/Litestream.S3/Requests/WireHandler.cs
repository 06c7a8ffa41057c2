using System.Security.Cryptography;

namespace Litestream.S3.Requests;

/// <summary>
/// Stands between the SDK and the connection, behind the signature. What it does was learnt from real servers:
/// no <c>Expect: 100-continue</c>, because .NET sends a small body all the same after a refusal, and Ceph then takes it for
/// the next request; Content-MD5 for batches of deletes, which older MinIO and Swift insist on and the SDK cannot send.
/// </summary>
internal sealed class WireHandler(HttpMessageHandler connection, S3Dialect dialect, BandwidthLimit? uploadLimit, TimeProvider timeProvider)
    : DelegatingHandler(connection)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Headers.ExpectContinue = false;
        if (dialect.Header is { } header)
        {
            request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        }

        if (!dialect.ChecksumHeaders && request.Method == HttpMethod.Post && request.Content is { } body && IsBatchDelete(request.RequestUri))
        {
            var bytes = await body.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false);
#pragma warning disable CA5351 // Content-MD5 is what the protocol asks for; nothing is secured by it.
            body.Headers.ContentMD5 ??= MD5.HashData(bytes);
#pragma warning restore CA5351
        }

        var call = WireCall.Current;
        if (call is null)
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }

        if (request.Content is { } content)
        {
            request.Content = new MeteredContent(content, call, uploadLimit);
        }

        call.Sending();
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        call.Answered(response, timeProvider);
        return response;
    }

    private static bool IsBatchDelete(Uri? uri) => uri?.Query is "?delete" or "?delete=";
}
