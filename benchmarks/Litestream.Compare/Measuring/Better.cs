namespace Litestream.Compare.Measuring;

internal enum Better
{
    Lower,
    Higher,
}
