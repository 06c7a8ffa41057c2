namespace Litestream.Compare.Sections;

/// <summary>One part of the comparison.</summary>
internal interface ISection
{
    /// <summary>Its letter.</summary>
    string Letter { get; }

    string Title { get; }

    Task RunAsync(Contest contest);
}
