using System.Diagnostics;

namespace Litestream;

/// <summary>The steps of <see cref="ReplicaProbeExtensions.ProbeAsync"/>, each in the words of what it is good for.</summary>
internal sealed class StoreTrial(IReplicaClient client)
{
    // Beside "generations", where a replica's own objects are; Litestream does not look here.
    private const string Folder = ".litestream-net-probe";
    private const int Racers = 4;

    private static readonly byte[] Content = "Litestream for .NET tries here what this store can do.\n"u8.ToArray();

    private readonly List<string> _findings = [];
    private readonly string _root = $"{Folder}/{Guid.NewGuid():N}/";

    public async Task<ReplicaProbe> RunAsync(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var written = $"{_root}written";
        var canWrite = await TryAsync("Writing", () => WriteAsync(written, WriteMode.Replace, cancellationToken)).ConfigureAwait(false)
            && await TryAsync("Reading", () => ReadAsync(written, cancellationToken)).ConfigureAwait(false);
        var exclusive = false;
        var ranges = false;
        if (canWrite)
        {
            ranges = await TryAsync("Reading a part of an object", () => ReadRangesAsync(written, cancellationToken)).ConfigureAwait(false);
            exclusive = await TryAsync("Creating", () => CreateTwiceAsync($"{_root}created", cancellationToken)).ConfigureAwait(false)
                && await TryAsync("Creating at once", () => RaceAsync($"{_root}raced", cancellationToken)).ConfigureAwait(false);
        }

        // Keys that may only read are worth knowing too: a restore needs no more.
        var canList = await TryAsync("Listing", () => ListAsync(canWrite ? written : null, cancellationToken)).ConfigureAwait(false);
        var canDelete = canWrite && await TryAsync("Deleting", () => DeleteAsync(cancellationToken)).ConfigureAwait(false);
        if (client is IReplicaStoreNotes store && (canWrite || canList))
        {
            await TryAsync("Describing the store", async () =>
            {
                _findings.AddRange(await store.DescribeStoreAsync(cancellationToken).ConfigureAwait(false));
                return null;
            }).ConfigureAwait(false);
        }

        return new ReplicaProbe
        {
            Location = client.Location,
            CanWrite = canWrite,
            CanReadRanges = ranges,
            CanList = canList,
            CanDelete = canDelete,
            CreatesExclusively = exclusive,
            Findings = [.. _findings.Distinct()],
            Duration = Stopwatch.GetElapsedTime(begin),
        };
    }

    // A step answers with what is wrong, or null.
    private async Task<bool> TryAsync(string step, Func<Task<string?>> run)
    {
        string? finding;
        try
        {
            finding = await run().ConfigureAwait(false);
        }
        catch (ReplicaException e)
        {
            finding = $"{step} fails: {e.Message}";
        }

        if (finding is not null)
        {
            _findings.Add(finding);
        }

        return finding is null;
    }

    private async Task<string?> WriteAsync(string key, WriteMode mode, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(Content);
        var written = await client.WriteAsync(key, content, mode, cancellationToken).ConfigureAwait(false);
        return written.Size == Content.Length ? null : $"The store says that {written.Size} bytes were written where {Content.Length} were sent.";
    }

    private async Task<string?> ReadAsync(string key, CancellationToken cancellationToken)
    {
        var content = await ReadAsync(key, 0, null, cancellationToken).ConfigureAwait(false);
        return content.AsSpan().SequenceEqual(Content)
            ? null
            : "What is read back is not what was written: the store, or a proxy before it, changes contents. It cannot be used.";
    }

    private async Task<string?> ReadRangesAsync(string key, CancellationToken cancellationToken)
    {
        var middle = await ReadAsync(key, 5, 7, cancellationToken).ConfigureAwait(false);
        var end = await ReadAsync(key, Content.Length - 4, null, cancellationToken).ConfigureAwait(false);
        return Content.AsSpan(5, 7).SequenceEqual(middle) && Content.AsSpan(Content.Length - 4).SequenceEqual(end)
            ? null
            : "A part of an object is read wrongly: interrupted downloads cannot be resumed, and restores fail.";
    }

    private async Task<string?> CreateTwiceAsync(string key, CancellationToken cancellationToken)
    {
        if (await WriteAsync(key, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false) is { } problem)
        {
            return problem;
        }

        try
        {
            await WriteAsync(key, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
            return "An object that exists is created again and so overwritten: two applications that write to one replica by mistake destroy it.";
        }
        catch (ReplicaObjectExistsException)
        {
            return null;
        }
    }

    private async Task<string?> RaceAsync(string key, CancellationToken cancellationToken)
    {
        var created = await Task.WhenAll(Enumerable.Range(0, Racers).Select(async _ =>
        {
            try
            {
                await WriteAsync(key, WriteMode.CreateNew, cancellationToken).ConfigureAwait(false);
                return 1;
            }
            catch (ReplicaException e) when (e is ReplicaObjectExistsException || e.IsTransient)
            {
                // A conflict that the store wants tried again is no win either.
                return 0;
            }
        })).ConfigureAwait(false);
        return created.Sum() <= 1
            ? null
            : $"{created.Sum()} of {Racers} that created one object in the same moment succeeded: the store does not keep two writers apart (no fencing). See to it that only one application writes to the replica.";
    }

    private async Task<string?> ListAsync(string? written, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        await foreach (var item in client.ListAsync(_root, cancellationToken).ConfigureAwait(false))
        {
            found.Add(item.Key);
        }

        return written is null || found.Contains(written)
            ? null
            : "A listing does not show what was just written: backups would be overlooked. The store cannot be used.";
    }

    private async Task<string?> DeleteAsync(CancellationToken cancellationToken)
    {
        string[] keys = [$"{_root}written", $"{_root}created", $"{_root}raced"];
        await client.DeleteAsync(keys, cancellationToken).ConfigureAwait(false);
        await foreach (var left in client.ListAsync(_root, cancellationToken).ConfigureAwait(false))
        {
            return $"What was deleted is still listed ({left.Key}): retention frees no space here; let a lifecycle rule of the store do it.";
        }

        return null;
    }

    private async Task<byte[]> ReadAsync(string key, long offset, long? length, CancellationToken cancellationToken)
    {
        var stream = await client.OpenReadAsync(key, offset, length, cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            using var content = new MemoryStream();
            await stream.CopyToAsync(content, cancellationToken).ConfigureAwait(false);
            return content.ToArray();
        }
    }
}
