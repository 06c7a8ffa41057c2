using System.Security.Cryptography;
using K4os.Compression.LZ4;
using Litestream.Diagnostics;
using Litestream.Shadow;
using Litestream.Storage;
using Litestream.Wal;
using Microsoft.Extensions.Logging;

namespace Litestream.Replication;

/// <summary>
/// Cuts the next segment from the shadow and creates it on the replica. A key that is taken is no overwrite: the object
/// there is either our own, from an attempt whose answer was lost, or another writer's.
/// </summary>
internal sealed class SegmentUploader(
    ICapturedDatabase database,
    ReplicaStore store,
    SegmentComparer comparer,
    string replica,
    ILogger logger)
{
    /// <summary>Up to this many raw bytes a segment is made in memory; above, in the spool folder.</summary>
    private const long InMemoryBytes = Lz4Frame.BlockSize;

    private const int ReadBytes = Lz4Frame.BlockSize;

    /// <summary>More than an LZ4 frame and a trailer take besides their content.</summary>
    private const int FixedBytes = 1024;

    /// <summary>More than a commit takes in a trailer.</summary>
    private const int BytesPerCommit = 20;

    private readonly IShadow _shadow = database.Shadow;

    /// <summary>Where what was uploaded is counted.</summary>
    public DatabaseTelemetry Telemetry { get; set; } = DatabaseTelemetry.Unmeasured(database.Name);

    /// <summary>Uploads one segment, or moves on to the next index.</summary>
    public async Task<SegmentStep> StepAsync(ReplicaCursor cursor, CancellationToken cancellationToken)
    {
        if (_shadow.Find(cursor.Generation, cursor.Index) is not { } index)
        {
            return new SegmentStep.NotKept();
        }

        if (cursor.Offset >= index.Length
            || (Mutations.Made == Mutation.IndexTailSkipped && index.IsComplete && cursor.Offset > 0))
        {
            return Next(cursor, index);
        }

        try
        {
            return await UploadAsync(cursor, index, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException) when (_shadow.Find(cursor.Generation, cursor.Index) is null)
        {
            // The claim was lost in the middle of it.
            return new SegmentStep.NotKept();
        }
    }

    private SegmentStep Next(ReplicaCursor cursor, ShadowIndex index)
    {
        if (!index.IsComplete || _shadow.Find(cursor.Generation, cursor.Index + 1) is null)
        {
            return _shadow.Head is { } head
                && head.Position.Generation == cursor.Generation
                && head.Position.Index > cursor.Index
                    ? new SegmentStep.NotKept()
                    : new SegmentStep.UpToDate();
        }

        return index.Length > 0
            ? new SegmentStep.Moved(cursor.NextIndex())
            : new SegmentStep.Refused(
                GenerationReason.ShadowTorn,
                $"index {index.Index:x8} of generation {index.Generation} was left without a WAL: no reader could pass it");
    }

    private async Task<SegmentStep> UploadAsync(ReplicaCursor cursor, ShadowIndex index, CancellationToken cancellationToken)
    {
        var pageSize = index.Header?.PageSize ?? throw new InvalidOperationException("Captured bytes without a WAL header.");
        var end = SegmentCut.End(index.Length, cursor.Offset, cursor.MustReach, pageSize);
        var commits = _shadow.CommitTimes(cursor.Generation, cursor.Index, cursor.Offset, end);
        if (end < index.Length)
        {
            end = SegmentCut.PreferCommit(commits, cursor.Offset, end, cursor.MustReach, pageSize);
            commits = [.. commits.Where(commit => commit.EndOffset <= end)];
        }

        var key = ReplicaLayout.SegmentKey(cursor.Generation, cursor.Index, cursor.Offset);
        var raw = end - cursor.Offset;
        using var draft = Draft(raw, commits.Count);
        if (Write(draft, cursor, index, end, commits, cancellationToken) is not { } last)
        {
            return new SegmentStep.Refused(
                GenerationReason.ShadowTorn,
                $"the local copy of index {cursor.Index:x8} of generation {cursor.Generation} does not pass its checksums before offset {end}");
        }

        try
        {
            var created = await store.CreateAsync(key, draft.Content, cancellationToken).ConfigureAwait(false);
            Log.SegmentUploaded(logger, key, replica, database.Name, raw, created.Size);
            Telemetry.WalUploaded(replica, raw);
        }
        catch (ReplicaException) when (Mutations.Made == Mutation.UploadFailureIgnored)
        {
        }
        catch (ReplicaObjectExistsException) when (Mutations.Made == Mutation.ConflictTakenAsSuccess)
        {
        }
        catch (ReplicaObjectExistsException)
        {
            return await AdoptAsync(cursor, index, key, raw, cancellationToken).ConfigureAwait(false);
        }

        return new SegmentStep.Moved(cursor.After(new SegmentLink(cursor.Index, cursor.Offset, end, last)));
    }

    private async Task<SegmentStep> AdoptAsync(
        ReplicaCursor cursor,
        ShadowIndex index,
        string key,
        long raw,
        CancellationToken cancellationToken)
    {
        // As it is now: an earlier upload may have reached further than this cut.
        index = _shadow.Find(cursor.Generation, cursor.Index) ?? index;
        var found = await comparer.CompareAsync(key, index, cursor.Offset, raw, cancellationToken).ConfigureAwait(false);
        if (found.Difference is { } difference)
        {
            return new SegmentStep.Refused(
                GenerationReason.ReplicaConflict,
                $"'{key}' exists on {store.Description} and {difference}: somebody else writes there");
        }

        Log.SegmentAdopted(logger, key, replica, database.Name, found.EndOffset - cursor.Offset);
        Telemetry.WalUploaded(replica, found.EndOffset - cursor.Offset);
        var last = _shadow.ChecksumAt(index, found.EndOffset);
        var moved = cursor.After(new SegmentLink(cursor.Index, cursor.Offset, found.EndOffset, last));
        return new SegmentStep.Moved(moved with { Uploaded = found.Trailer?.Ordinal + 1 });
    }

    /// <returns>The chain's checksum at the end; null if the shadow's bytes do not form a chain.</returns>
    private ChainChecksum? Write(
        ObjectDraft draft,
        ReplicaCursor cursor,
        ShadowIndex index,
        long end,
        IReadOnlyList<CommitTime> commits,
        CancellationToken cancellationToken)
    {
        var first = _shadow.ChecksumAt(index, cursor.Offset);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (draft.Encode(encoder => Copy(encoder, hash, index, first, cursor.Offset, end, cancellationToken)) is not { } last)
        {
            return null;
        }

        draft.Content.Write(SegmentTrailerCodec.Encode(new SegmentTrailer
        {
            Index = cursor.Index,
            Offset = cursor.Offset,
            RawLength = end - cursor.Offset,
            Salts = index.Header!.Value.Salts,
            FirstChecksum = first,
            LastChecksum = last,
            Previous = cursor.Previous,
            Ordinal = cursor.Uploaded,
            WriterId = database.WriterId,
            RawHash = hash.GetHashAndReset(),
            Commits = commits,
        }));
        return last;
    }

    /// <summary>Copies the bytes and verifies each frame once more: what rotted on the local disk must not get onto the replica.</summary>
    private ChainChecksum? Copy(
        Stream encoder,
        IncrementalHash hash,
        ShadowIndex index,
        ChainChecksum first,
        long offset,
        long end,
        CancellationToken cancellationToken)
    {
        var chain = new WalChain(index.Header!.Value, first);
        var frameSize = chain.Header.FrameSize;
        var buffer = LargeBuffers.Rent((int)Math.Max(Math.Min(ReadBytes, end - offset), frameSize));
        var content = new ContentWriter(encoder, hash);
        try
        {
            while (offset < end)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var part = offset == 0
                    ? buffer.AsMemory(0, WalHeader.Size)
                    : buffer.AsMemory(0, (int)Math.Min(end - offset, buffer.Length / frameSize * frameSize));
                _shadow.ReadExactly(index, offset, part.Span);
                if (!IsSound(part.Span, offset, frameSize, ref chain))
                {
                    return null;
                }

                content.Write(part);
                offset += part.Length;
            }

            return chain.Checksum;
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }
    }

    private static bool IsSound(ReadOnlySpan<byte> part, long offset, int frameSize, ref WalChain chain)
    {
        if (offset == 0)
        {
            return WalHeader.TryParse(part, out var header) && header == chain.Header;
        }

        for (; !part.IsEmpty; part = part[frameSize..])
        {
            if (chain.Append(part[..frameSize], out _) != WalFrameState.Valid)
            {
                return false;
            }
        }

        return true;
    }

    private ObjectDraft Draft(long raw, int commits) =>
        raw > InMemoryBytes
            ? ObjectDraft.InFile(database.SpoolDirectory)
            : ObjectDraft.InMemory(LZ4Codec.MaximumOutputSize((int)raw) + FixedBytes + commits * BytesPerCommit);
}
