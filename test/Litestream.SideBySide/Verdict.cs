namespace Litestream.SideBySide;

/// <summary>What a restore came to, and the words for it.</summary>
internal sealed record Verdict(Outcome Outcome, string Detail)
{
    public override string ToString() => Outcome switch
    {
        Outcome.Right => "restores right",
        Outcome.Refused => "refuses",
        Outcome.Older => "restores an OLDER state, exit 0",
        _ => "restores WRONG, exit 0",
    };
}
