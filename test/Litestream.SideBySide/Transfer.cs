namespace Litestream.SideBySide;

/// <summary>One transaction of the bank.</summary>
internal readonly record struct Transfer(int Source, int Target, int Amount);
