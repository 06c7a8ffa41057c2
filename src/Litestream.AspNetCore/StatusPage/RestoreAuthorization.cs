using Microsoft.AspNetCore.Authorization;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>The policy of <see cref="LitestreamPageOptions.RestoreAuthorizationPolicy"/>, besides the page's own.</summary>
internal sealed class RestoreAuthorization(string policy) : IAuthorizeData
{
    public string? Policy { get; set; } = policy;

    public string? Roles { get; set; }

    public string? AuthenticationSchemes { get; set; }
}
