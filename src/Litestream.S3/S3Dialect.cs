using System.Text.RegularExpressions;

namespace Litestream.S3;

/// <summary>What is particular about one kind of S3 store. All of them stand in <see cref="S3Dialects"/>.</summary>
internal sealed record S3Dialect
{
    /// <summary>The store's name, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// The host in a replica's URL: group <c>bucket</c> is the bucket (if it stands there), <c>region</c> the region,
    /// <c>host</c> the endpoint's host.
    /// </summary>
    public Regex? Host { get; init; }

    /// <summary>The region where neither options nor URL name one; null if it has to be looked up.</summary>
    public string? DefaultRegion { get; init; }

    /// <summary>The scheme of an endpoint that is written without one.</summary>
    public string Scheme { get; init; } = "https";

    public bool PathStyle { get; init; } = true;

    /// <summary>
    /// The SDK's own integrity headers. AWS checks them; others refuse them, or the chunked form that carries them.
    /// </summary>
    public bool ChecksumHeaders { get; init; }

    /// <summary>Known to honour <c>If-None-Match: *</c>; where it is not known, a trial shows it.</summary>
    public bool CreatesConditionally { get; init; }

    /// <summary>Known to honour it also when a multipart upload is completed.</summary>
    public bool CompletesConditionally { get; init; }

    public bool BatchDelete { get; init; } = true;

    public int MaxConcurrentRequests { get; init; } = 16;

    public int MaxRequestsPerSecond { get; init; } = 200;

    /// <summary>A header that every request needs.</summary>
    public (string Name, string Value)? Header { get; init; }

    /// <summary>What a user has to know, for the probe's report.</summary>
    public string? Note { get; init; }
}
