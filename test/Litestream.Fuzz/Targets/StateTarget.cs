using System.Globalization;
using System.Text;
using Litestream.Shadow;
using Litestream.Wal;

namespace Litestream.Fuzz.Targets;

/// <summary>The state file: with a checksum that is right, unless the first byte says otherwise. What is understood says the same when it is written anew.</summary>
internal static class StateTarget
{
    public static void Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return;
        }

        var text = Encoding.ASCII.GetString(input, 1, input.Length - 1);
        var bytes = (input[0] & 1) != 0 ? Encoding.ASCII.GetBytes(text) : Signed(text);
        var state = ShadowState.Decode(bytes, out var problem);
        FuzzTarget.Demand(state is null == (problem is not null), "neither a state nor a problem");
        if (state is not null)
        {
            FuzzTarget.Demand(state.Index >= 0 && WalFormat.IsPageSize(state.PageSize) && Generation.IsName(state.Generation), "a state that cannot be");
            FuzzTarget.Demand(ShadowState.Decode(state.Encode(), out _) == state, "a state says something else when it is written anew");
        }
    }

    public static IEnumerable<byte[]> Seeds()
    {
        var at = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
        foreach (var state in new[]
        {
            new ShadowState("0123456789abcdef", 42, 4096, GenerationReason.NoneYet, at) { Salts = new WalSalts(1, 2) },
            new ShadowState("00000000000000aa", int.MaxValue, 65536, GenerationReason.Restored, at) { FileHash = new string('a', 64) },
        })
        {
            var text = Encoding.ASCII.GetString(state.Encode());
            yield return FuzzTarget.Text("\0" + text[..text.LastIndexOf("check ", StringComparison.Ordinal)]);
            yield return FuzzTarget.Text("\u0001" + text);
        }
    }

    private static byte[] Signed(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var character in text)
        {
            hash = (hash ^ character) * 1099511628211UL;
        }

        return Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{text}check {hash:x16}\n"));
    }
}
