using Litestream.Wal;

namespace Litestream.Fuzz.Targets;

/// <summary>
/// A WAL, read at once and in pieces: both see the same frames. The first byte says whether checksums are mended, and where
/// the pieces end.
/// </summary>
internal static class WalTarget
{
    public static void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var (settings, wal) = (input[0], input[1..]);
        if ((settings & 1) == 0)
        {
            Mend(wal, frames: settings >> 3);
        }

        if (!WalReader.TryOpen(wal, out var reader))
        {
            return;
        }

        var frames = 0;
        while (reader.Read(out _, out var page))
        {
            frames++;
            FuzzTarget.Demand(page.Length == reader.Chain.Header.PageSize, "a page has another size than the header says");
        }

        FuzzTarget.Demand(reader.Consumed <= wal.Length && reader.Consumed == WalHeader.Size + (frames * reader.Chain.Header.FrameSize), "not whole frames");
        FuzzTarget.Demand(!reader.Read(out _, out _), "it went on behind its end");

        var end = Math.Min(wal.Length, WalHeader.Size + ((settings >> 1) * reader.Chain.Header.FrameSize));
        WalReader.TryOpen(wal.AsSpan(0, end), out var first);
        while (first.Read(out _, out _))
        {
        }

        var second = new WalReader(wal.AsSpan(first.Consumed), first.Chain);
        while (second.Read(out _, out _))
        {
        }

        FuzzTarget.Demand(
            first.Consumed + second.Consumed == reader.Consumed && second.Chain.Checksum == reader.Chain.Checksum,
            "read in pieces it is another WAL");
    }

    public static IEnumerable<byte[]> Seeds()
    {
        foreach (var (magic, pageSize, frames) in new[] { (0x82, 512, 3), (0x83, 1024, 2), (0x82, 65536, 0) })
        {
            var wal = new byte[33 + (frames * (pageSize + 24))];
            wal[0] = (byte)(frames << 3);
            byte[] start = [0x37, 0x7F, 0x06, (byte)magic, 0x00, 0x2D, 0xE2, 0x18, 0, (byte)(pageSize >> 16), (byte)(pageSize >> 8), (byte)pageSize, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8];
            start.CopyTo(wal, 1);
            for (var frame = 0; frame < frames; frame++)
            {
                wal[33 + (frame * (pageSize + 24)) + 3] = (byte)(frame + 1);
                wal[33 + (frame * (pageSize + 24)) + 7] = (byte)(frame + 1);
            }

            yield return wal;
        }
    }

    private static void Mend(byte[] wal, int frames)
    {
        if (ForgedWal.MendHeader(wal) is { } header)
        {
            var sum = header.Checksum;
            for (var offset = WalHeader.Size; frames > 0 && offset + header.FrameSize <= wal.Length; offset += header.FrameSize, frames--)
            {
                sum = ForgedWal.MendFrame(wal.AsSpan(offset, header.FrameSize), header, sum);
            }
        }
    }
}
