using System.Globalization;
using System.Security.Cryptography;
using Litestream.Storage;
using Litestream.Wal;

namespace Litestream.Restore;

/// <summary>
/// Takes segments in order, proves that each continues the one before, as far as names, chain and trailers can show it, and
/// hands their frames to the <see cref="PageApplier"/>.
/// </summary>
internal sealed class SegmentApplier(PageApplier pages, RestorePlan plan)
{
    private const int BatchBytes = 2 * 1024 * 1024;

    private string _lastKey = plan.Snapshot.Key;

    /// <summary>Applies one segment.</summary>
    /// <exception cref="ReplicaCorruptedException">It is damaged, or not the one that follows.</exception>
    public async Task ApplyAsync(DownloadedSegment downloaded, CancellationToken cancellationToken)
    {
        var (segment, content, trailer, proven) = downloaded;
        var key = segment.Key;
        if (segment.Index != pages.Index)
        {
            if (pages.Index >= 0)
            {
                EndIndex(nextKey: key, trailer is not null, trailer?.Previous);
            }

            pages.BeginIndex(segment.Index);
        }

        if (segment.Index == plan.Segments[^1].Index)
        {
            pages.StopOffset = plan.StopOffset ?? long.MaxValue;
        }

        if (plan.SnapshotTrailer is { CoveredOffset: > 0 } snapshot && segment.Index == snapshot.Index)
        {
            pages.WatchOffset = snapshot.CoveredOffset;
        }

        _lastKey = key;
        using var hash = trailer is null || proven ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        if (segment.Offset == 0)
        {
            await ReadHeaderAsync(content, key, hash, cancellationToken).ConfigureAwait(false);
        }

        VerifyBegin(segment, trailer);
        var torn = content is MemoryStream held && held.TryGetBuffer(out var raw)
            ? ApplyFrames(raw.AsMemory((int)held.Position), key)
            : await ReadFramesAsync(content, key, hash, cancellationToken).ConfigureAwait(false);
        VerifyEnd(segment, trailer, torn, hash);
    }

    /// <summary>Ends the last index and says what was reached.</summary>
    public ReplicationPosition Finish()
    {
        if (pages.Index < 0)
        {
            return new ReplicationPosition(plan.Generation, plan.Snapshot.Index, plan.SnapshotTrailer?.CoveredOffset ?? 0);
        }

        if (plan.StopOffset is null && plan.NextIndex is { } next)
        {
            EndIndex(next.Key, plan.NextIndexTrailed, plan.NextIndexPrevious);
        }
        else
        {
            VerifyCoverage();
            pages.EndIndex(_lastKey);
        }

        VerifyStop();
        return plan.SamePosition ?? new ReplicationPosition(plan.Generation, pages.Index, pages.CommittedOffset);
    }

    private async Task ReadHeaderAsync(Stream content, string key, IncrementalHash? hash, CancellationToken cancellationToken)
    {
        var header = new byte[WalHeader.Size];
        var read = await content.ReadAtLeastAsync(header, header.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        hash?.AppendData(header.AsSpan(0, read));
        pages.AppendHeader(header.AsSpan(0, read), key);
    }

    /// <returns>Bytes behind the last whole frame.</returns>
    private int ApplyFrames(ReadOnlyMemory<byte> raw, string key)
    {
        var torn = raw.Length % pages.Header.FrameSize;
        pages.Append(raw[..^torn], key);
        return torn;
    }

    /// <returns>Bytes behind the last whole frame.</returns>
    private async Task<int> ReadFramesAsync(Stream content, string key, IncrementalHash? hash, CancellationToken cancellationToken)
    {
        var frameSize = pages.Header.FrameSize;
        var capacity = Math.Max(1, BatchBytes / frameSize) * frameSize;
        var buffer = LargeBuffers.Rent(capacity);
        try
        {
            while (true)
            {
                var read = await content.ReadAtLeastAsync(buffer.AsMemory(0, capacity), capacity, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                var whole = read - (read % frameSize);
                hash?.AppendData(buffer.AsSpan(0, read));
                pages.Append(buffer.AsMemory(0, whole), key);
                if (read < capacity)
                {
                    return read - whole;
                }
            }
        }
        finally
        {
            LargeBuffers.Return(buffer);
        }
    }

    private void VerifyBegin(PlannedSegment segment, SegmentTrailer? trailer)
    {
        if (trailer is null)
        {
            return;
        }

        var key = segment.Key;
        if (trailer.Index != segment.Index || trailer.Offset != segment.Offset)
        {
            throw new ReplicaCorruptedException(
                string.Create(CultureInfo.InvariantCulture, $"The object '{key}' was written as the segment {trailer.Index:x8}:{trailer.Offset:x8}."), key);
        }

        if (trailer.Salts != pages.Header.Salts || trailer.FirstChecksum != pages.Checksum)
        {
            throw new ReplicaCorruptedException($"The object '{key}' was written behind another WAL than the one that is there: the history is mixed.", key);
        }
    }

    private void VerifyEnd(PlannedSegment segment, SegmentTrailer? trailer, int torn, IncrementalHash? hash)
    {
        var key = segment.Key;
        if (segment.Next is { } next && pages.Offset + torn != next.Offset)
        {
            var what = pages.Offset + torn < next.Offset ? "before the next one starts: an object between them is missing" : "behind the start of the next one: they overlap";
            throw new ReplicaCorruptedException($"The object '{key}' ends {what} ('{next.Key}').", key);
        }

        // A WAL that v0.3.3 was still appending to; nothing of ours or of later versions ends inside a frame.
        var mayBeTorn = trailer is null && segment.Next is null && plan.NextIndex is null && segment == plan.Segments[^1];
        if (torn != 0 && !mayBeTorn)
        {
            throw new ReplicaCorruptedException($"The object '{key}' ends in the middle of a frame.", key);
        }

        if (trailer is not null
            && (trailer.EndOffset != pages.Offset || trailer.LastChecksum != pages.Checksum || (hash is not null && !hash.GetHashAndReset().AsSpan().SequenceEqual(trailer.RawHash.Span))))
        {
            throw new ReplicaCorruptedException($"The object '{key}' does not hold what was written to it.", key);
        }
    }

    private void EndIndex(string nextKey, bool nextHasTrailer, SegmentLink? previous)
    {
        if (pages.InTransaction)
        {
            throw new ReplicaCorruptedException(
                $"The WAL ends inside a transaction with the object '{_lastKey}', yet goes on with '{nextKey}': an object between them is missing.", _lastKey);
        }

        if (nextHasTrailer && previous is null)
        {
            throw new ReplicaCorruptedException($"The object '{nextKey}' was written behind a hole: what comes before it is not all there.", nextKey);
        }

        if (previous is not null
            && (previous.Index != pages.Index || previous.EndOffset != pages.Offset || previous.LastChecksum != pages.Checksum))
        {
            throw new ReplicaCorruptedException(
                string.Create(CultureInfo.InvariantCulture, $"The object '{nextKey}' was written behind {previous.Index:x8}:{previous.EndOffset:x8}, but the WAL before it ends at {pages.Index:x8}:{pages.Offset:x8} with '{_lastKey}': an object between them is missing."),
                _lastKey);
        }

        VerifyCoverage();
        pages.EndIndex(_lastKey);
    }

    // An image that holds more of the WAL than is replayed over it would have pages turned back.
    private void VerifyCoverage()
    {
        if (plan.SnapshotTrailer is not { CoveredOffset: > 0 } snapshot || pages.Index != snapshot.Index)
        {
            return;
        }

        if (pages.CommittedOffset < snapshot.CoveredOffset)
        {
            throw new ReplicaCorruptedException(
                string.Create(CultureInfo.InvariantCulture, $"The snapshot '{plan.Snapshot.Key}' contains the WAL up to {snapshot.CoveredOffset:x8}, but the WAL ends at {pages.CommittedOffset:x8} with '{_lastKey}': what follows is missing."),
                _lastKey);
        }

        if (pages.Header.Salts != snapshot.Salts || pages.WatchedChecksum != snapshot.CoveredChecksum)
        {
            throw new ReplicaCorruptedException(
                $"The snapshot '{plan.Snapshot.Key}' was taken of another WAL than the one in '{_lastKey}': the history is mixed.", plan.Snapshot.Key);
        }
    }

    private void VerifyStop()
    {
        if (plan.StopOffset is not { } stop || pages.CommittedOffset == stop)
        {
            return;
        }

        var reached = new ReplicationPosition(plan.Generation, pages.Index, pages.CommittedOffset);
        if (plan.StopWasAsked)
        {
            throw new BackupNotFoundException(pages.Offset < stop
                ? $"The replica does not hold the position {reached with { Offset = stop }}: it ends at {reached}."
                : $"No commit ends at {reached with { Offset = stop }}. The last one before it ends at {reached}.");
        }

        throw new ReplicaCorruptedException($"The object '{_lastKey}' names a commit at {reached with { Offset = stop }} that is not there.", _lastKey);
    }
}
