using Litestream.Wal;

namespace Litestream.SideBySide;

/// <summary>Where the last commit in a WAL file, or a copy of one, ends.</summary>
internal static class WalEnd
{
    public static long Of(string path)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (IOException)
        {
            return 0;
        }

        if (!WalHeader.TryParse(bytes.AsSpan(0, Math.Min(bytes.Length, WalHeader.Size)), out var header))
        {
            return 0;
        }

        var chain = new WalChain(header);
        long end = WalHeader.Size;
        for (var at = WalHeader.Size; at + header.FrameSize <= bytes.Length; at += header.FrameSize)
        {
            if (chain.Append(bytes.AsSpan(at, header.FrameSize), out var frame) != WalFrameState.Valid)
            {
                break;
            }

            if (frame.IsCommit)
            {
                end = at + header.FrameSize;
            }
        }

        return end;
    }
}
