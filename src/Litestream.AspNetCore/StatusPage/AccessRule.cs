using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Litestream.AspNetCore.StatusPage;

/// <summary>
/// Nothing of the page is served unless somebody said who may see it: by a policy, or that everybody may.
/// </summary>
internal sealed class AccessRule(IServiceProvider services, string pattern, LitestreamPageOptions options)
{
    // What the authorization middleware leaves behind; ASP.NET Core's own endpoints look for the same.
    private const string AuthorizationHasRun = "__AuthorizationMiddlewareWithEndpointInvoked";

    /// <summary>Called when an endpoint is built, after every convention: an endpoint that is open by oversight refuses.</summary>
    public void Apply(EndpointBuilder endpoint)
    {
        if (Problem(endpoint.Metadata) is { } problem)
        {
            endpoint.Metadata.Add(new AccessProblem(problem));
            endpoint.RequestDelegate = _ => throw new InvalidOperationException(problem);
            return;
        }

        var serve = endpoint.RequestDelegate!;
        var open = IsOpen(endpoint.Metadata);
        endpoint.RequestDelegate = context => open || context.Items.ContainsKey(AuthorizationHasRun)
            ? serve(context)
            : throw new InvalidOperationException(
                $"MapLitestream(\"{pattern}\") is protected by a policy that nobody looked at: app.UseAuthorization() is missing, or stands before app.UseRouting().");
    }

    /// <summary>Whether this request came to an endpoint that is open to everybody.</summary>
    public static bool IsOpen(HttpContext context) => IsOpen(context.GetEndpoint()!.Metadata);

    /// <exception cref="InvalidOperationException">An endpoint refuses.</exception>
    public static void Check(IEnumerable<Endpoint> endpoints)
    {
        if (endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<AccessProblem>()).FirstOrDefault(problem => problem is not null) is { } problem)
        {
            throw new InvalidOperationException(problem.Text);
        }
    }

    private static bool IsOpen(IEnumerable<object> metadata) => metadata.OfType<IAllowAnonymous>().Any();

    private string? Problem(IEnumerable<object> metadata)
    {
        if (IsOpen(metadata))
        {
            return options.RestoreAuthorizationPolicy is null
                ? null
                : $"MapLitestream(\"{pattern}\") is open to everybody, which puts its {nameof(LitestreamPageOptions.RestoreAuthorizationPolicy)} out of force too. Call RequireAuthorization() in place of AllowAnonymous().";
        }

        return metadata.Any(SaysWho) || HasFallbackPolicy()
            ? null
            : $"MapLitestream(\"{pattern}\") says to nobody who may see it, so it would be everybody who reaches the application. Call .RequireAuthorization(…) on what it returns, or .AllowAnonymous() if that is meant.";
    }

    // Our own protects a part only.
    private static bool SaysWho(object item) =>
        item is (IAuthorizeData and not RestoreAuthorization) or AuthorizationPolicy or IAuthorizationRequirementData;

    private bool HasFallbackPolicy() =>
        services.GetService<IAuthorizationPolicyProvider>()?.GetFallbackPolicyAsync() is { IsCompletedSuccessfully: true, Result: not null };
}
